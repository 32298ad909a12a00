//! Which types fit where others are wanted, and what type variables stand for.
//!
//! The rules are those of cel-go's checker: `dyn` fits anywhere, `null` fits where there may be
//! nothing, a variable takes the most general of the types that it meets.

use std::collections::HashMap;

use super::StaticType;

/// Comparisons of types while one expression is checked. What needs more is `dyn`: types that share
/// their parts are compared part by part, which may be often.
const MAX_COMPARISONS: u32 = 200_000;

/// What type variables stand for.
#[derive(Debug, Default)]
pub(super) struct Unifier {
    known: HashMap<u32, StaticType>,
    /// What was changed and what it was before, while several must fit or none.
    undo: Vec<(u32, Option<StaticType>)>,
    next: u32,
    comparisons: u32,
}

impl Unifier {
    /// A new variable.
    pub(super) fn fresh(&mut self) -> StaticType {
        self.next += 1;
        StaticType::Variable(self.next)
    }

    /// Whether a value of type `given` may stand where `wanted` is expected. If so, variables of both
    /// stand for what makes it so.
    pub(super) fn assign(&mut self, given: &StaticType, wanted: &StaticType) -> bool {
        self.assign_all(&[(given, wanted)])
    }

    /// [`Unifier::assign`] for several at once: all, or nothing is changed.
    pub(super) fn assign_all(&mut self, pairs: &[(&StaticType, &StaticType)]) -> bool {
        self.undo.clear();
        let fits = pairs.iter().all(|(given, wanted)| self.fits(given, wanted));
        if !fits {
            while let Some((variable, before)) = self.undo.pop() {
                match before {
                    Some(before) => self.known.insert(variable, before),
                    None => self.known.remove(&variable),
                };
            }
        }
        fits
    }

    fn note(&mut self, variable: u32, stands_for: StaticType) {
        let before = self.known.insert(variable, stands_for);
        self.undo.push((variable, before));
    }

    fn spent(&mut self) -> bool {
        self.comparisons += 1;
        self.comparisons > MAX_COMPARISONS
    }

    fn fits(&mut self, given: &StaticType, wanted: &StaticType) -> bool {
        use StaticType::{Dyn, List, Map, Null, Opaque, Optional, Type, Variable};
        if self.spent() {
            return true;
        }
        if let Variable(variable) = wanted {
            let (fits, known) = self.substitutes(given, *variable);
            if known {
                return fits;
            }
            if fits {
                return true;
            }
        }
        match (given, wanted) {
            (Variable(variable), _) => self.substitutes(wanted, *variable).0,
            (Dyn, _) | (_, Dyn) => true,
            (Null, other) | (other, Null) => nullable(other),
            (Type(_), Type(_)) => true,
            (List(given), List(wanted)) | (Optional(given), Optional(wanted)) => {
                self.fits(given, wanted)
            }
            (Map(given), Map(wanted)) => {
                self.fits(&given.0, &wanted.0) && self.fits(&given.1, &wanted.1)
            }
            (Opaque(given), Opaque(wanted)) => {
                given.0 == wanted.0
                    && given.1.len() == wanted.1.len()
                    && given.1.iter().zip(&wanted.1).all(|(g, w)| self.fits(g, w))
            }
            (given, wanted) => given == wanted,
        }
    }

    /// Whether `variable` may stand for `candidate`, and whether it stood for something before.
    fn substitutes(&mut self, candidate: &StaticType, variable: u32) -> (bool, bool) {
        if matches!(candidate, StaticType::Variable(other) if *other == variable) {
            return (true, true);
        }
        if let Some(known) = self.known.get(&variable).cloned() {
            if *candidate == known {
                return (true, true);
            }
            if !self.fits(candidate, &known) {
                return (false, true);
            }
            let general = self.more_general(candidate, &known);
            if !self.mentions(&general, variable) {
                self.note(variable, general);
            }
            return (true, true);
        }
        let free = !self.mentions(candidate, variable);
        if free {
            self.note(variable, candidate.clone());
        }
        (free, false)
    }

    /// Whether a type holds a variable, or one that stands for it.
    fn mentions(&mut self, within: &StaticType, variable: u32) -> bool {
        use StaticType::{List, Map, Opaque, Optional, Type, Variable};
        if self.spent() {
            return true;
        }
        match within {
            Variable(other) if *other == variable => true,
            Variable(other) => {
                let known = self.known.get(other).cloned();
                known.is_some_and(|known| self.mentions(&known, variable))
            }
            List(inner) | Optional(inner) | Type(inner) => self.mentions(inner, variable),
            Map(entry) => self.mentions(&entry.0, variable) || self.mentions(&entry.1, variable),
            Opaque(opaque) => opaque.1.iter().any(|part| self.mentions(part, variable)),
            _ => false,
        }
    }

    /// The one of two types that says less.
    pub(super) fn more_general(&mut self, left: &StaticType, right: &StaticType) -> StaticType {
        if self.says_no_more(left, right) {
            left.clone()
        } else {
            right.clone()
        }
    }

    fn says_no_more(&mut self, left: &StaticType, right: &StaticType) -> bool {
        use StaticType::{Dyn, List, Map, Opaque, Optional, Type, Variable};
        if self.spent() {
            return true;
        }
        match (left, right) {
            (Dyn | Variable(_), _) | (Type(_), Type(_)) => true,
            (_, Dyn | Variable(_)) => false,
            (List(left), List(right)) | (Optional(left), Optional(right)) => {
                self.says_no_more(left, right)
            }
            (Map(left), Map(right)) => {
                self.says_no_more(&left.0, &right.0) && self.says_no_more(&left.1, &right.1)
            }
            (Opaque(left), Opaque(right)) => {
                left.0 == right.0
                    && left.1.len() == right.1.len()
                    && left
                        .1
                        .iter()
                        .zip(&right.1)
                        .all(|(left, right)| self.says_no_more(left, right))
            }
            (left, right) => left == right,
        }
    }

    /// The type with its variables replaced by what they stand for; what stands for nothing stays.
    pub(super) fn resolve(&mut self, of: &StaticType) -> StaticType {
        if self.spent() {
            return StaticType::Dyn;
        }
        match of {
            StaticType::Variable(variable) => match self.known.get(variable).cloned() {
                Some(known) => self.resolve(&known),
                None => of.clone(),
            },
            other => other.map_parts(|part| self.resolve(part)),
        }
    }

    /// [`Unifier::resolve`], with `dyn` for what stands for nothing.
    pub(super) fn settle(&mut self, of: &StaticType) -> StaticType {
        match self.resolve(of) {
            StaticType::Variable(_) => StaticType::Dyn,
            other => other.map_parts(|part| self.settle(part)),
        }
    }

    /// A signature's type with a variable for each letter.
    pub(super) fn instantiate(
        &mut self,
        of: &StaticType,
        letters: &mut HashMap<char, StaticType>,
    ) -> StaticType {
        match of {
            StaticType::Parameter(letter) => match letters.get(letter) {
                Some(variable) => variable.clone(),
                None => {
                    let variable = self.fresh();
                    letters.insert(*letter, variable.clone());
                    variable
                }
            },
            other => other.map_parts(|part| self.instantiate(part, letters)),
        }
    }
}

/// Whether `null` may stand for a value of this type.
const fn nullable(other: &StaticType) -> bool {
    matches!(
        other,
        StaticType::Null
            | StaticType::Object(_)
            | StaticType::Opaque(_)
            | StaticType::Optional(_)
            | StaticType::Timestamp
            | StaticType::Duration
    )
}
