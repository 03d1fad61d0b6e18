"""An emulator of Adobe's Media Collection API for tests of video players."""
