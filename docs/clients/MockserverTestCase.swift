// An XCTest case for mockserver: https://pypi.org/project/media-collection-mockserver, docs/clients.md.
// Copy this file beside the client that openapi-generator (swift6) makes from the OpenAPI document of the server.
// Not compiled: there was no Swift compiler where it was written.

import OpenAPIClient
import XCTest

/// Gives each test a namespace of its own. `mockserver serve` runs at the environment variable `MOCKSERVER_URL`, by
/// default `http://127.0.0.1:8089`; in Xcode, set it in the scheme.
open class MockserverTestCase: XCTestCase {
    private let name = UUID().uuidString
    private var client = OpenAPIClientAPIConfiguration()

    /// The player under test reports to `url + "/api/v1/sessions"`.
    public private(set) var url = ""

    open override func setUp() async throws {
        let environment = ProcessInfo.processInfo.environment
        url = (environment["MOCKSERVER_URL"] ?? "http://127.0.0.1:8089") + "/ns/" + name
        let token = environment["MOCKSERVER_ADMIN_TOKEN"]
        client = OpenAPIClientAPIConfiguration(
            basePath: url, customHeaders: token.map { ["Authorization": "Bearer \($0)"] } ?? [:])
        _ = try await SettingsAPI.reset(resetCommand: ResetCommand(), apiConfiguration: client)
    }

    /// Attach the findings to a test that failed.
    open override func tearDown() async throws {
        if let run = testRun, !run.hasSucceeded {
            let attachment = XCTAttachment(string: try await findings(.info).joined(separator: "\n"))
            attachment.name = "mockserver findings"
            add(attachment)
        }
        try await NamespacesAPI.deleteNamespace(name: name, apiConfiguration: client)
    }

    /// Make the server fail: `try await addFault(.typeStatusFault(StatusFault(kind: .status, code: 500)), to: "ping", times: 2)`.
    public func addFault(_ fault: Fault, to eventType: String, times: Int) async throws {
        let rule = FaultSpec(fault: fault, when: When(eventType: [eventType]), times: times)
        _ = try await FaultsAPI.addFault(faultSpec: rule, apiConfiguration: client)
    }

    /// Wait until events of these types have followed each other in one session.
    public func assertReported(_ eventTypes: String..., file: StaticString = #filePath, line: UInt = #line) async throws {
        let command = VerifyCommand(sequence: eventTypes.map { Query(eventType: [$0]) }, timeoutMs: 5_000)
        let found = try await EventsAPI.verify(verifyCommand: command, apiConfiguration: client)
        XCTAssertTrue(found.verified, found.message, file: file, line: line)
    }

    /// Check that nothing is wrong with what was sent, although the API accepted it.
    public func assertNoFindings(file: StaticString = #filePath, line: UInt = #line) async throws {
        let found = try await findings(.warning)
        XCTAssertEqual(found, [], file: file, line: line)
    }

    private func findings(_ minSeverity: Severity) async throws -> [String] {
        let page = try await FindingsAPI.listFindings(minSeverity: minSeverity, apiConfiguration: client)
        return page.findings.filter { $0.followsFrom == nil }.map { "\($0.code): \($0.message)" }
    }
}
