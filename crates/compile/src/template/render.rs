//! The walk over a template.
//!
//! A copy of the template becomes what it renders to, place by place: maps keep their keys and are not
//! built anew, which most of a render would otherwise be.

use serde_json::{Map, Value as Json};

use super::budget::Spent;
use super::context::Context;
use super::error::{Error, Reason};
use super::{Engine, text};

/// Levels of a template.
const MAX_DEPTH: usize = 128;
/// Bytes that are charged together, so that a budget is asked seldom and overdrawn by no more.
const BATCH: usize = 64 << 10;

pub(super) fn render(
    engine: &Engine,
    mut template: Json,
    context: &Context,
) -> Result<Option<Json>, Error> {
    let mut renderer = Renderer {
        engine,
        context,
        spent: Spent::default(),
    };
    let kept = renderer.value(&mut template, MAX_DEPTH)?;
    renderer.settle()?;
    Ok(kept.then_some(template))
}

struct Renderer<'a> {
    engine: &'a Engine,
    context: &'a Context,
    /// What the budget was not charged for yet.
    spent: Spent,
}

impl Renderer<'_> {
    /// Renders in place, and says whether anything is left.
    fn value(&mut self, template: &mut Json, depth: usize) -> Result<bool, Error> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Error::new(Reason::Limit {
                limit: MAX_DEPTH as u64,
                unit: "nested levels",
            }));
        };
        match template {
            Json::String(text) => {
                if !text.contains("${") {
                    self.charge(text.len())?;
                    return Ok(true);
                }
                match self.text(text)? {
                    Some(rendered) => *template = rendered,
                    None => return Ok(false),
                }
            }
            Json::Array(items) => self.array(items, depth)?,
            Json::Object(fields) if fields.keys().any(|name| name.contains("${")) => {
                *fields = self.named(std::mem::take(fields), depth)?;
            }
            Json::Object(fields) => self.object(fields, depth)?,
            Json::Null | Json::Bool(_) | Json::Number(_) => self.charge(0)?,
        }
        Ok(true)
    }

    fn array(&mut self, items: &mut Vec<Json>, depth: usize) -> Result<(), Error> {
        let (mut index, mut failure) = (0_usize, None);
        items.retain_mut(|item| {
            let kept = match failure {
                Some(_) => Ok(true),
                None => self.value(item, depth),
            };
            let kept = kept.unwrap_or_else(|error| {
                failure = Some(error.under(format_args!("[{index}]")));
                true
            });
            index += 1;
            kept
        });
        failure.map_or_else(|| self.charge(0), Err)
    }

    fn object(&mut self, fields: &mut Map<String, Json>, depth: usize) -> Result<(), Error> {
        let mut failure = None;
        fields.retain(|name, field| {
            let kept = match failure {
                Some(_) => Ok(true),
                None => self.field(name.len(), field, depth),
            };
            kept.unwrap_or_else(|error| {
                failure = Some(error.under(format_args!(".{name}")));
                true
            })
        });
        failure.map_or_else(|| self.charge(0), Err)
    }

    /// A map of which keys are expressions is built anew. Of two entries of one name neither may win, for the order
    /// of a map says nothing.
    fn named(
        &mut self,
        fields: Map<String, Json>,
        depth: usize,
    ) -> Result<Map<String, Json>, Error> {
        let mut rendered = Map::with_capacity(fields.len());
        for (name, mut field) in fields {
            let under = |error: Error| error.under(format_args!(".{name}"));
            let key = self.key(&name).map_err(under)?;
            if !self.field(key.len(), &mut field, depth).map_err(under)? {
                continue;
            }
            if rendered.contains_key(&key) {
                return Err(under(Error::new(Reason::SameKey {
                    found: text::described(&expr::Value::from(key)),
                    key: name.clone(),
                })));
            }
            rendered.insert(key, field);
        }
        self.charge(0)?;
        Ok(rendered)
    }

    fn field(&mut self, key: usize, field: &mut Json, depth: usize) -> Result<bool, Error> {
        let kept = self.value(field, depth)?;
        if kept {
            self.charge(key)?;
        }
        Ok(kept)
    }

    fn key(&mut self, name: &str) -> Result<String, Error> {
        if !name.contains("${") {
            return Ok(name.to_owned());
        }
        self.settle()?;
        let value = self.engine.evaluate(name, self.context)?;
        value.as_str().map(str::to_owned).ok_or_else(|| {
            Error::new(Reason::Key {
                key: name.to_owned(),
                found: text::described(&value),
            })
        })
    }

    fn text(&mut self, template: &str) -> Result<Option<Json>, Error> {
        self.settle()?;
        self.engine.render_text(template, self.context)
    }

    /// Charges a value and so many bytes of text in it.
    fn charge(&mut self, text: usize) -> Result<(), Error> {
        self.spent = self.spent.plus(Spent::value(text));
        if self.spent.bytes > BATCH {
            self.settle()?;
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), Error> {
        let spent = std::mem::take(&mut self.spent);
        self.context.charge(spent).map_err(Error::over_budget)
    }
}
