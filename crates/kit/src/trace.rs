//! The trace context: how one trace spans processes, queues and the database.
//!
//! The context is one string, the W3C `traceparent` (`00-<trace>-<span>-<flags>`), so that it can be stored in a
//! change record and sent as a NATS header or gRPC metadata. `tracestate` is not carried.

use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The name of the header that carries the trace context.
pub const HEADER: &str = "traceparent";

/// The trace context of the current span, or `None` outside of any recorded span.
pub fn current() -> Option<String> {
    of(&tracing::Span::current())
}

/// The trace context of `span`, or `None` if it is not recorded.
pub fn of(span: &tracing::Span) -> Option<String> {
    let mut carrier = Carrier::default();
    TraceContextPropagator::new().inject_context(&span.context(), &mut carrier);
    carrier.0
}

/// Makes `span` a child of the trace context. Anything else than a valid context is left out of account.
///
/// Call it before the span is first entered.
pub fn adopt(span: &tracing::Span, traceparent: &str) {
    let parent = TraceContextPropagator::new().extract(&Carrier(Some(traceparent.to_owned())));
    if parent.span().span_context().is_valid() {
        // A span that no layer records has nothing to adopt into; that is not an error.
        let _ = span.set_parent(parent);
    }
}

/// Links `span` to the trace context: it was caused by it among others, as a batch is by each of its entries.
pub fn link(span: &tracing::Span, traceparent: &str) {
    if let Some(context) = parse(traceparent) {
        span.add_link(context);
    }
}

/// Puts the current trace context, if any, into headers: `put(name, value)`.
pub fn inject(put: impl FnOnce(&'static str, &str)) {
    if let Some(traceparent) = current() {
        put(HEADER, &traceparent);
    }
}

/// Takes a valid trace context out of headers: `find(name)` gives the value of a header.
pub fn extract<'a>(find: impl FnOnce(&'static str) -> Option<&'a str>) -> Option<String> {
    let value = find(HEADER)?;
    parse(value).map(|_| value.to_owned())
}

fn parse(traceparent: &str) -> Option<SpanContext> {
    let context = TraceContextPropagator::new().extract(&Carrier(Some(traceparent.to_owned())));
    let span = context.span().span_context().clone();
    span.is_valid().then_some(span)
}

#[derive(Default)]
struct Carrier(Option<String>);

impl Injector for Carrier {
    fn set(&mut self, key: &str, value: String) {
        if key == HEADER {
            self.0 = Some(value);
        }
    }
}

impl Extractor for Carrier {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.as_deref().filter(|_| key == HEADER)
    }

    fn keys(&self) -> Vec<&str> {
        vec![HEADER]
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// Runs `check` with spans that are recorded but sent nowhere.
    fn recorded(check: impl FnOnce()) {
        let tracer = SdkTracerProvider::builder().build().tracer("test");
        let layer = tracing_opentelemetry::layer().with_tracer(tracer);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), check);
    }

    fn trace_id(traceparent: &str) -> &str {
        traceparent
            .split('-')
            .nth(1)
            .expect("a trace context has four parts")
    }

    #[test]
    fn a_trace_goes_on_on_the_other_side_of_headers() {
        recorded(|| {
            let mut headers = Vec::new();
            let sent = tracing::info_span!("publish").in_scope(|| {
                inject(|name, value| headers.push((name, value.to_owned())));
                current().expect("the span is recorded")
            });
            assert_eq!(headers, [("traceparent", sent.clone())]);

            let find = |name| {
                headers
                    .iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, v)| v.as_str())
            };
            let taken = extract(find).expect("the header is there");
            let span = tracing::info_span!("accept");
            adopt(&span, &taken);
            let received = of(&span).expect("the span is recorded");
            assert_eq!(trace_id(&received), trace_id(&sent));
            assert_ne!(received, sent);
        });
    }

    #[test]
    fn a_span_keeps_its_own_trace_when_it_is_linked_or_offered_nonsense() {
        recorded(|| {
            let other = of(&tracing::info_span!("other")).expect("the span is recorded");
            let span = tracing::info_span!("batch");
            link(&span, &other);
            adopt(&span, "00-nonsense");
            assert_ne!(
                trace_id(&of(&span).expect("the span is recorded")),
                trace_id(&other)
            );
        });
    }

    #[test]
    fn what_is_no_trace_context_is_not_taken() {
        for value in [
            "",
            "nonsense",
            "00-00000000000000000000000000000000-0000000000000000-01",
        ] {
            assert_eq!(extract(|_| Some(value)), None);
        }
        assert_eq!(extract(|_| None), None);
        assert_eq!(current(), None);
    }
}
