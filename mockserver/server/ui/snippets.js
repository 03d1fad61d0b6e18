// How to point each platform at this server. Pure functions from addresses to texts.

import { curlTo } from "./copy.js";

const START = {
  eventType: "sessionStart",
  playerTime: { playhead: 0, ts: 0 },
  params: {
    "analytics.trackingServer": "analytics.example", "analytics.reportSuite": "suite", "visitor.marketingCloudOrgId": "ORG@AdobeOrg",
    "media.id": "clip-7", "media.length": 60, "media.contentType": "vod", "media.playerName": "by hand", "media.channel": "test",
  },
};

const EDGE_START = {
  events: [
    {
      xdm: {
        eventType: "media.sessionStart", timestamp: "TS",
        mediaCollection: {
          playhead: 0,
          sessionDetails: { name: "clip-7", length: 60, contentType: "vod", streamType: "video", playerName: "by hand", channel: "test" },
        },
      },
    },
  ],
};

/** The host for a client that accepts no path: a namespace becomes `{ns}.localhost`. */
export function hostOnly(origin) {
  const url = new URL(origin);
  const [, namespace] = /^\/ns\/([^/]+)/.exec(url.pathname) ?? [];
  if (!namespace) return url.host;
  return `${decodeURIComponent(namespace)}.localhost${url.port ? `:${url.port}` : ""}`;
}

/** The same address with another host. */
export function withHost(origin, host) {
  const url = new URL(origin);
  url.hostname = host;
  return url.href.replace(/\/$/, "");
}

function calling(server) {
  return [
    `const server = ${JSON.stringify(server)};`,
    "const start = await fetch(`${server}/api/v1/sessions`, {",
    '  method: "POST",',
    '  headers: {"Content-Type": "application/json"},',
    "  body: JSON.stringify(sessionStart),",
    "});",
    'const events = `${server}${start.headers.get("Location")}/events`;',
  ].join("\n");
}

/**
 * The platforms, each with notes, a text to copy, and its line about the CA in docs/devices.md.
 *
 * `origin`: where players on this machine post to. `device`: where players on other machines do, or null. `emulator`:
 * where Android emulators do.
 */
export function platforms(origin, device, emulator = withHost(origin, "10.0.2.2")) {
  const isHttps = origin.startsWith("https:");
  const remote = device ?? origin;
  const lan = device ? null : "Only this machine can reach the server. Start it with --host 0.0.0.0 to let devices connect.";
  const away = hostOnly(origin) === new URL(origin).host ? null : "The SDK accepts no path, so other machines report to the default namespace.";
  const tls = isHttps ? null : "This SDK always uses https: start the server with --tls, and let the device trust its CA.";
  return [
    {
      name: "Web",
      title: "Media SDK for JavaScript 3.x",
      trust: "Chromium",
      code: [
        "const mediaConfig = new ADB.MediaConfig();",
        `mediaConfig.trackingServer = ${JSON.stringify(hostOnly(origin))};`,
        'mediaConfig.playerName = "My player";',
        'mediaConfig.channel = "test";',
        `mediaConfig.ssl = ${isHttps};`,
        "ADB.Media.configure(mediaConfig, appMeasurement);",
      ].join("\n"),
      notes: ["The SDK accepts a host and a port, but no path. Put a namespace into the host: name.localhost.", isHttps ? null : "ssl must be false: the server uses http."],
    },
    {
      name: "Web SDK",
      title: "Web SDK (alloy) and the Media Edge API",
      trust: "Chromium",
      code: [
        "alloy(\"configure\", {",
        '  datastreamId: "any", orgId: "53A16ACB5CC1D3760A495C99@AdobeOrg", // the setting edge_org of the server',
        "  thirdPartyCookiesEnabled: false,",
        '  streamingMedia: { channel: "test", playerName: "My player" },',
        "});",
        "// Chromium, so that edge.adobedc.net is this server:",
        `// --host-resolver-rules="MAP edge.adobedc.net:443 ${new URL(origin).host}" --disable-features=LocalNetworkAccessChecks`,
      ].join("\n"),
      notes: ["alloy takes a host without a port, and always uses https: docs/recipes.md has Playwright, Cypress and port 443.", tls],
    },
    {
      name: "Android",
      title: "AEP Media for Android, in the emulator",
      trust: "Android",
      code: ["MobileCore.updateConfiguration(mapOf(", `    "media.collectionServer" to ${JSON.stringify(new URL(emulator).host)},`, '    "media.playerName" to "My player",', '    "media.channel" to "test",', "))"].join("\n"),
      notes: ["10.0.2.2 is this machine as seen from the emulator.", tls, away],
    },
    {
      name: "iOS, tvOS",
      title: "AEP Media for iOS and tvOS, in the simulator",
      trust: "iOS and tvOS simulator",
      code: ["MobileCore.updateConfigurationWith(configDict: [", `    "media.collectionServer": ${JSON.stringify(hostOnly(origin))},`, '    "media.playerName": "My player",', '    "media.channel": "test",', "])"].join("\n"),
      notes: ["The simulator shares the network of this machine.", tls],
    },
    {
      name: "Chromecast",
      title: "Mobile Library for Chromecast 3.x",
      trust: "Chromecast, Tizen, webOS",
      code: ["ADBMobileConfig.mediaHeartbeat = {", `  server: ${JSON.stringify(new URL(remote).host)},`, '  channel: "test",', '  playerName: "My player",', `  ssl: ${isHttps},`, "};"].join("\n"),
      notes: [isHttps ? null : "ssl must be false: the server uses http.", away, lan],
    },
    {
      name: "Roku",
      title: "Roku, calling the API itself",
      trust: "Roku",
      code: [
        'request = CreateObject("roUrlTransfer")',
        `request.SetUrl("${remote}/api/v1/sessions")`,
        'request.AddHeader("Content-Type", "application/json")',
        'port = CreateObject("roMessagePort")',
        "request.SetMessagePort(port)",
        "request.AsyncPostFromString(FormatJson(event))",
        "message = wait(5000, port)",
        'if type(message) = "roUrlEvent" then location = message.GetResponseHeaders()["Location"]',
      ].join("\n"),
      notes: ["Location is relative: put the address of the server before it.", lan],
    },
    {
      name: "Edge",
      title: "Any shell, and the Media Edge API",
      trust: "curl",
      code: [
        `${curlTo(origin)} -i '${origin}/ee/va/v1/sessionStart?configId=any' \\`,
        `  --data-raw '${JSON.stringify(EDGE_START).replace('"TS"', `"'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'"`)}'`,
      ].join("\n"),
      notes: ["Answers 200, with the session in the handle media-analytics:new-session; post events to /ee/va/v1/ followed by their type."],
    },
    {
      name: "TV",
      title: "Tizen, webOS and other TVs, calling the API itself",
      trust: "Chromecast, Tizen, webOS",
      code: calling(remote),
      notes: ["Location is relative: /api/v1/sessions/ followed by the id.", lan],
    },
    {
      name: "JVM",
      title: "Java and Kotlin, calling the API itself",
      trust: "JVM",
      code: [
        `var server = ${JSON.stringify(origin)};`,
        'var request = java.net.http.HttpRequest.newBuilder(java.net.URI.create(server + "/api/v1/sessions"))',
        '    .header("Content-Type", "application/json")',
        "    .POST(java.net.http.HttpRequest.BodyPublishers.ofString(sessionStart)).build();",
        "var start = java.net.http.HttpClient.newHttpClient().send(request, java.net.http.HttpResponse.BodyHandlers.discarding());",
        'var events = server + start.headers().firstValue("Location").orElseThrow() + "/events";',
      ].join("\n"),
      notes: ["Location is relative: /api/v1/sessions/ followed by the id."],
    },
    {
      name: "Node.js",
      title: "Node.js, calling the API itself",
      trust: "Node.js",
      code: calling(origin),
      notes: ["Location is relative: /api/v1/sessions/ followed by the id."],
    },
    {
      name: "curl",
      title: "Any shell",
      trust: "curl",
      code: [
        `${curlTo(origin)} -i ${origin}/api/v1/sessions \\`,
        "  -H 'Content-Type: application/json' \\",
        `  --data-raw '${JSON.stringify({ ...START, playerTime: { playhead: 0, ts: "TS" } }).replace('"TS"', "'\"$(date +%s)000\"'")}'`,
      ].join("\n"),
      notes: ["Answers 201, with the session in the Location header."],
    },
    {
      name: "pytest",
      title: "A test with its own server",
      trust: "Python",
      code: [
        "def test_the_player_reports_its_start(media_server):",
        "    ...  # let the player report to media_server.url",
        "",
        '    media_server.wait_for(event_type="sessionStart", timeout_s=10)',
        "    assert not [f for f in media_server.findings() if f.severity == \"error\"]",
      ].join("\n"),
      notes: ["The package includes the fixture; each test gets a fresh server."],
    },
  ].map((platform) => ({ ...platform, notes: [...platform.notes.filter(Boolean), `For https: docs/devices.md, Trust in the CA, ${platform.trust}.`] }));
}
