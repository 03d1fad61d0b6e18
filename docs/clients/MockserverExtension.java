// A JUnit 5 extension for mockserver: https://pypi.org/project/media-collection-mockserver, docs/clients.md.
// Copy this file beside the client that openapi-generator makes from the OpenAPI document of the server.

import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import mockserver.client.ApiClient;
import mockserver.client.ApiException;
import mockserver.client.api.EventsApi;
import mockserver.client.api.FaultsApi;
import mockserver.client.api.FindingsApi;
import mockserver.client.api.NamespacesApi;
import mockserver.client.api.SettingsApi;
import mockserver.client.model.Fault;
import mockserver.client.model.FaultRule;
import mockserver.client.model.FaultSpec;
import mockserver.client.model.Query;
import mockserver.client.model.ResetCommand;
import mockserver.client.model.Severity;
import mockserver.client.model.Verification;
import mockserver.client.model.VerifyCommand;
import mockserver.client.model.When;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives each test a namespace of its own, as a parameter of type {@link Mockserver}. If a test fails, the findings are
 * in the report.
 *
 * <p>{@code mockserver serve} runs at the environment variable {@code MOCKSERVER_URL}, by default {@code
 * http://127.0.0.1:8089}.
 */
public class MockserverExtension implements BeforeEachCallback, AfterEachCallback, ParameterResolver {
    private static final ExtensionContext.Namespace STORE = ExtensionContext.Namespace.create(MockserverExtension.class);

    @Override
    public void beforeEach(ExtensionContext context) throws ApiException {
        String server = Optional.ofNullable(System.getenv("MOCKSERVER_URL")).orElse("http://127.0.0.1:8089");
        String name = Integer.toHexString(context.getUniqueId().hashCode()) + "-" + System.nanoTime();
        context.getStore(STORE).put("mockserver", new Mockserver(server, name));
        mockserver(context).settings.reset(new ResetCommand());
    }

    @Override
    public void afterEach(ExtensionContext context) throws ApiException {
        Mockserver mockserver = mockserver(context);
        if (context.getExecutionException().isPresent()) {
            for (String finding : mockserver.findings(Severity.INFO)) {
                context.publishReportEntry("mockserver", finding);
            }
        }
        mockserver.namespaces.deleteNamespace(mockserver.name);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Mockserver.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return mockserver(context);
    }

    private static Mockserver mockserver(ExtensionContext context) {
        return context.getStore(STORE).get("mockserver", Mockserver.class);
    }

    /** One test's own share of the server. The generated classes have everything that is not here. */
    public static class Mockserver {
        /** The player under test reports to {@code url + "/api/v1/sessions"}. */
        public final String url;

        public final EventsApi events;
        public final FaultsApi faults;
        public final FindingsApi findings;
        public final NamespacesApi namespaces;
        public final SettingsApi settings;
        private final String name;

        Mockserver(String server, String name) {
            this.name = name;
            url = server + "/ns/" + name;
            ApiClient client = new ApiClient();
            client.updateBaseUri(url);
            String token = System.getenv("MOCKSERVER_ADMIN_TOKEN");
            if (token != null) {
                client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token));
            }
            events = new EventsApi(client);
            faults = new FaultsApi(client);
            findings = new FindingsApi(client);
            namespaces = new NamespacesApi(client);
            settings = new SettingsApi(client);
        }

        /** Make the server fail for the next events of a type. */
        public FaultRule addFault(Fault fault, String eventType, int times) throws ApiException {
            When when = new When().eventType(List.of(eventType));
            return faults.addFault(new FaultSpec().fault(fault).when(when).times(times));
        }

        /** Wait until events of these types have followed each other in one session. */
        public void assertReported(String... eventTypes) throws ApiException {
            List<Query> sequence =
                    List.of(eventTypes).stream()
                            .map(type -> new Query().eventType(List.of(type)))
                            .collect(Collectors.toList());
            Verification found = events.verify(new VerifyCommand().sequence(sequence).timeoutMs(5_000L));
            Assertions.assertTrue(found.getVerified(), found.getMessage());
        }

        /** Check that nothing is wrong with what was sent, although the API accepted it. */
        public void assertNoFindings() throws ApiException {
            Assertions.assertEquals(List.of(), findings(Severity.WARNING));
        }

        List<String> findings(Severity worseThan) throws ApiException {
            return findings.listFindings(null, null, worseThan, null, null, null, null).getFindings().stream()
                    .filter(finding -> finding.getFollowsFrom() == null)
                    .map(finding -> finding.getCode() + ": " + finding.getMessage())
                    .collect(Collectors.toList());
        }
    }
}
