//! Lists: full pages of what the caller may see.
//!
//! Where the caller sees nothing is not read: namespaces out of reach are left out of the query. What is
//! left is filtered, and the page filled, by place where that decides and by the object where it does not.

use tonic::Status;

use authz::{Action, Reach, ScopePath, Verb};
use model::{Envelope, KindName, Scope};
use proto::resources::{ListRequest, ListResponse, Object};
use store::{Cursor, Page, Query, Selector, Within};

use super::{Ingress, Visit, rendered, scope, status};
use crate::policy::is_about_access;

/// Largest page that is read from the store at once.
const PAGE: usize = 500;

pub(super) async fn list(
    ingress: &Ingress,
    visit: &Visit,
    asked: &ListRequest,
) -> Result<ListResponse, Status> {
    let (kind, kind_scope) = KindName::from_public(&asked.kind)
        .map_err(|error| Status::invalid_argument(error.to_string()))?;
    let action = Action::on(kind, kind_scope, Verb::View);
    let sight = Sight {
        reach: visit.reach(&action),
        action,
        visit,
    };
    if is_about_access(kind) && sight.reach.is_empty() {
        return Err(visit.refusal(&sight.action));
    }
    if kind == KindName::RenderedRelease {
        return projections(ingress, &sight, asked).await;
    }
    let places = places(kind_scope, &asked.namespace, &sight.reach);
    pages(ingress, &sight, kind, &places, asked).await
}

/// What a caller sees of a list.
struct Sight<'a> {
    visit: &'a Visit,
    action: Action,
    reach: Reach,
}

impl Sight<'_> {
    fn sees(&self, object: &Envelope) -> bool {
        let decided = self.reach.decided(&scope::of(object));
        decided.unwrap_or_else(|| self.visit.may(&self.action, object))
    }

    /// Whether nothing in these places is hidden, so that their objects may be counted.
    fn sees_all(&self, places: &[Within]) -> bool {
        places.iter().all(|within| match within {
            Within::Cluster | Within::AllNamespaces => self.reach.is_all_of(&ScopePath::default()),
            Within::Namespace(name) => self.reach.is_all_of(&ScopePath::namespace(name)),
        })
    }
}

async fn projections(
    ingress: &Ingress,
    sight: &Sight<'_>,
    asked: &ListRequest,
) -> Result<ListResponse, Status> {
    let all = rendered::list(ingress.store(), &asked.namespace).await?;
    let seen = all.iter().filter(|object| sight.sees(object));
    Ok(ListResponse {
        objects: seen.map(Object::from).collect(),
        revision: ingress.store().revision().0,
        ..ListResponse::default()
    })
}

/// Where to look, in the order of the store, which a cursor goes on in.
fn places(kind_scope: Scope, namespace: &str, reach: &Reach) -> Vec<Within> {
    let within = |name: &str| Within::Namespace(name.to_owned());
    match (kind_scope, reach.namespaces()) {
        (Scope::Cluster, _) if reach.is_empty() => Vec::new(),
        (Scope::Cluster, _) => vec![Within::Cluster],
        (Scope::Namespaced, None) if namespace.is_empty() => vec![Within::AllNamespaces],
        (Scope::Namespaced, None) => vec![within(namespace)],
        (Scope::Namespaced, Some(reachable)) => {
            let asked = |name: &&str| namespace.is_empty() || *name == namespace;
            let mut names: Vec<_> = reachable.into_iter().filter(asked).collect();
            // The store orders by keys, in which a slash ends the namespace: `a-b/` comes before `a/`.
            names.sort_by_key(|name| format!("{name}/"));
            names.into_iter().map(within).collect()
        }
    }
}

async fn pages(
    ingress: &Ingress,
    sight: &Sight<'_>,
    kind: KindName,
    places: &[Within],
    asked: &ListRequest,
) -> Result<ListResponse, Status> {
    let mut query = query(kind, asked)?;
    let limit = match asked.limit {
        0 => usize::MAX,
        limit => limit as usize,
    };
    let mut answer = ListResponse::default();
    for (within, later) in places.iter().zip(1..) {
        query.within = within.clone();
        loop {
            query.limit = limit.saturating_sub(answer.objects.len()).min(PAGE);
            let page = read(ingress, &query).await?;
            if answer.revision == 0 {
                answer.revision = page.revision.0;
            }
            let wanted = |object: &Envelope| matches_fields(object, asked) && sight.sees(object);
            let kept = page.items.iter().filter(|item| wanted(&item.envelope));
            answer
                .objects
                .extend(kept.map(|item| Object::from(&item.envelope)));
            if let (true, Some(last)) = (answer.objects.len() >= limit, page.items.last()) {
                let behind = page.remaining + count(ingress, &query, &places[later..]).await?;
                if behind > 0 {
                    answer.next_cursor =
                        Cursor::after(page.revision, &last.envelope.key).to_string();
                    answer.remaining = if sight.sees_all(places) { behind } else { 0 };
                }
                return Ok(answer);
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
    }
    if answer.revision == 0 {
        answer.revision = ingress.store().revision().0;
    }
    Ok(answer)
}

fn query(kind: KindName, asked: &ListRequest) -> Result<Query, Status> {
    let mut query = Query::all(kind, Within::Cluster);
    query.selector = asked
        .label_selector
        .parse::<Selector>()
        .map_err(|error| Status::invalid_argument(format!("labelSelector: {error}")))?;
    if !asked.cursor.is_empty() {
        let cursor = asked.cursor.parse::<Cursor>();
        query.after = Some(cursor.map_err(|error| status(&error))?);
    }
    Ok(query)
}

async fn read(ingress: &Ingress, query: &Query) -> Result<Page, Status> {
    let page = ingress.store().list(query).await;
    page.map_err(|error| status(&error))
}

/// How many objects there are in these places.
async fn count(ingress: &Ingress, query: &Query, places: &[Within]) -> Result<u64, Status> {
    let mut count = 0;
    for within in places {
        let query = Query {
            within: within.clone(),
            limit: 0,
            ..query.clone()
        };
        count += read(ingress, &query).await?.remaining;
    }
    Ok(count)
}

/// Whether every field that was asked for has the value that was asked for.
fn matches_fields(envelope: &Envelope, asked: &ListRequest) -> bool {
    if asked.fields.is_empty() {
        return true;
    }
    let document = envelope.to_document();
    asked.fields.iter().all(|(path, value)| {
        let pointer = format!("/{}", path.trim_start_matches('.').replace('.', "/"));
        let found = document
            .pointer(&pointer)
            .map(|found| match found.as_str() {
                Some(text) => text.to_owned(),
                None => found.to_string(),
            });
        found.unwrap_or_default() == *value
    })
}
