"""docs/clients/MockserverExtension.java in JUnit 5, with the client that openapi-generator makes."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from mockserver import MockServer
from mockserver.control import NAMESPACES
from tests.clients.conftest import Workshop, example

pytestmark = [pytest.mark.clients, pytest.mark.timeout(600)]

JARS = Path("/usr/share/java")
LIBRARIES = [JARS / f"{name}.jar" for name in ("jackson-annotations", "jackson-core", "jackson-databind", "jsr305")]
JUNIT = [
    JARS / f"{name}.jar"
    for name in (
        *("apiguardian-api", "opentest4j", "picocli", "univocity-parsers"),
        *("junit-jupiter-api", "junit-jupiter-engine", "junit-jupiter-params", "junit-platform-commons"),
        *("junit-platform-console", "junit-platform-engine", "junit-platform-launcher", "junit-platform-reporting"),
    )
]
STAND_INS = {
    "javax/annotation/Generated": 'public @interface Generated { String[] value(); String comments() default ""; }',
    "com/fasterxml/jackson/datatype/jsr310/JavaTimeModule": (
        "public class JavaTimeModule extends com.fasterxml.jackson.databind.module.SimpleModule {}"
    ),
    "mockserver/client/RFC3339JavaTimeModule": (
        "public class RFC3339JavaTimeModule extends com.fasterxml.jackson.databind.module.SimpleModule {}"
    ),
}
"""Classes that the generated code imports and Debian does not package; the API has no dates, so they can be empty."""
TEST = """
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import mockserver.client.model.Fault;
import mockserver.client.model.StatusFault;
import mockserver.client.model.WaitCommand;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(MockserverExtension.class)
class PlayerTest {
    static final String PARAMS = "{\\"analytics.trackingServer\\":\\"a.example\\",\\"analytics.reportSuite\\":\\"rs\\","
        + "\\"visitor.marketingCloudOrgId\\":\\"X@AdobeOrg\\",\\"media.id\\":\\"clip-7\\",\\"media.length\\":60,"
        + "\\"media.contentType\\":\\"vod\\",\\"media.playerName\\":\\"p\\",\\"media.channel\\":\\"c\\"}";

    static HttpResponse<String> post(String url, String type) throws Exception {
        String body = String.format(
            "{\\"eventType\\":\\"%s\\",\\"playerTime\\":{\\"playhead\\":0,\\"ts\\":%d},\\"params\\":%s}",
            type, System.currentTimeMillis(), type.equals("sessionStart") ? PARAMS : "{}");
        HttpRequest request = HttpRequest.newBuilder(URI.create(url)).header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body)).build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }

    static String start(MockserverExtension.Mockserver mockserver) throws Exception {
        HttpResponse<String> opened = post(mockserver.url + "/api/v1/sessions", "sessionStart");
        return mockserver.url + opened.headers().firstValue("Location").get() + "/events";
    }

    @Test
    void passes(MockserverExtension.Mockserver mockserver) throws Exception {
        mockserver.addFault(new Fault(new StatusFault().kind(StatusFault.KindEnum.STATUS).code(503)), "play", 1);
        String events = start(mockserver);
        Assertions.assertEquals(503, post(events, "play").statusCode());
        Assertions.assertEquals(204, post(events, "play").statusCode());
        mockserver.assertReported("sessionStart", "play");
        Assertions.assertEquals(3, mockserver.events.findEvents(new WaitCommand()).getEvents().size());
    }

    @Test
    void fails(MockserverExtension.Mockserver mockserver) throws Exception {
        post(start(mockserver), "adComplete");
        mockserver.assertReported("sessionStart", "sessionEnd");
    }

    @Test
    void finds(MockserverExtension.Mockserver mockserver) throws Exception {
        post(start(mockserver), "adComplete");
        mockserver.assertNoFindings();
    }
}
"""
PLAYER = """
class Player {
    static void play(String server) throws Exception {
        var opened = PlayerTest.post(server + "/api/v1/sessions", "sessionStart");
        String events = server + opened.headers().firstValue("Location").get() + "/events";
        PlayerTest.post(events, "play");
        PlayerTest.post(events, "sessionComplete");
    }
}
"""


def test_the_extension_gives_namespaces_faults_and_findings(
    workshop: Workshop, document: Path, server: MockServer
) -> None:
    package = "mockserver.client"
    workshop.run(
        "openapi-generator-cli", "generate", "-g", "java", "-i", str(document), "-o", "client", "--library", "native",
        "--invoker-package", package, "--api-package", f"{package}.api", "--model-package", f"{package}.model",
        "--additional-properties=openApiNullable=false,containerDefaultToNull=true,hideGenerationTimestamp=true",
        "--name-mappings", "equals=equalTo",
    )  # fmt: skip
    workshop.copy("MockserverExtension.java")
    workshop.write("PlayerTest.java", TEST)
    workshop.write("SessionTest.java", example("java", "@ExtendWith"))
    workshop.write("Player.java", PLAYER)
    for name, text in STAND_INS.items():
        workshop.write(f"stand-ins/{name}.java", f"package {name.rpartition('/')[0].replace('/', '.')};\n\n{text}\n")
    sources = [
        str(path)
        for path in (workshop.folder / "client/src/main").rglob("*.java")
        if not re.match("RFC3339(JavaTimeModule|InstantDeserializer)", path.name)
    ]
    sources += [str(path) for path in (workshop.folder / "stand-ins").rglob("*.java")]

    path = os.pathsep.join(["out", *map(str, (*LIBRARIES, *JUNIT))])
    workshop.run(
        "javac",
        "-nowarn",
        "-d",
        "out",
        "-cp",
        path,
        *sources,
        "MockserverExtension.java",
        "PlayerTest.java",
        "SessionTest.java",
        "Player.java",
    )
    told = workshop.run(
        "java", "-cp", path, "org.junit.platform.console.ConsoleLauncher", "--disable-banner", "--details", "verbose",
        "--disable-ansi-colors", "--select-class", "PlayerTest", "--select-class", "SessionTest", fails=True,
    )  # fmt: skip

    assert "2 tests successful" in told, told
    assert "2 tests failed" in told
    assert "not verified" in told
    assert re.search(r"reports: ReportEntry \[.*mockserver = 'ad\.", told), told
    assert [one.name for one in server.control.call(NAMESPACES, None).namespaces] == ["default"]
