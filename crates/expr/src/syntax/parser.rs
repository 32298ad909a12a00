//! Tokens to syntax tree, by precedence.

use std::sync::Arc;

use super::lexer::tokens;
use super::token::{Token, TokenKind};
use super::tree::{Chain, Entry, Expr, Item, Kind, Operator};
use crate::error::{Error, Position};
use crate::limits::Limits;
use crate::value::Value;

/// Words that cannot name a variable.
const RESERVED: [&str; 18] = [
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "in", "let",
    "loop", "namespace", "package", "return", "var", "void", "while",
];

/// Parses one expression that takes the whole text.
///
/// # Errors
/// [`Error::Syntax`], or [`Error::Limit`] where the text is too long or too deep.
pub(crate) fn parse(source: &str, limits: &Limits) -> Result<Expr, Error> {
    if source.len() > limits.source_bytes {
        return Err(Error::Limit { limit: limits.source_bytes as u64, unit: "source bytes" });
    }
    let mut parser = Parser { source, tokens: tokens(source)?, next: 0, level: 0, limits };
    let expr = parser.expression()?;
    match parser.peek() {
        TokenKind::End => Ok(expr),
        _ => Err(parser.unexpected()),
    }
}

struct Parser<'a> {
    source: &'a str,
    tokens: Vec<Token>,
    next: usize,
    level: usize,
    limits: &'a Limits,
}

impl Parser<'_> {
    fn token(&self) -> &Token {
        // The last token is the end, and nothing moves past it.
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn peek(&self) -> &TokenKind {
        &self.token().kind
    }

    fn error(&self, at: usize, message: impl Into<String>) -> Error {
        Error::Syntax { at: Position::of(self.source, at), message: message.into() }
    }

    fn unexpected(&self) -> Error {
        self.error(self.token().at, format!("unexpected {}", self.peek()))
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.peek(), TokenKind::Symbol(found) if *found == symbol)
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Error> {
        if self.eat(symbol) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn too_deep(&self) -> Error {
        Error::Limit { limit: self.limits.depth as u64, unit: "nested levels" }
    }

    /// Makes a node over children of which the highest has `below` levels.
    fn node(&self, kind: Kind, at: usize, below: usize) -> Result<Expr, Error> {
        let height = below + 1;
        if height > self.limits.depth { Err(self.too_deep()) } else { Ok(Expr { kind, at, height }) }
    }

    fn expression(&mut self) -> Result<Expr, Error> {
        self.level += 1;
        if self.level > self.limits.depth {
            return Err(self.too_deep());
        }
        let condition = self.chain(Chain::Or)?;
        let at = self.token().at;
        let result = if self.eat("?") {
            let yes = self.chain(Chain::Or)?;
            self.expect(":")?;
            let no = self.expression()?;
            let below = condition.height.max(yes.height).max(no.height);
            self.node(Kind::Conditional(Box::new([condition, yes, no])), at, below)?
        } else {
            condition
        };
        self.level -= 1;
        Ok(result)
    }

    fn chain(&mut self, chain: Chain) -> Result<Expr, Error> {
        let (symbol, or) = if chain == Chain::Or { ("||", true) } else { ("&&", false) };
        let operand = |parser: &mut Self| {
            if or { parser.chain(Chain::And) } else { parser.relation() }
        };
        let first = operand(self)?;
        if !self.is(symbol) {
            return Ok(first);
        }
        let at = self.token().at;
        let mut operands = vec![first];
        while self.eat(symbol) {
            operands.push(operand(self)?);
        }
        let below = operands.iter().map(|operand| operand.height).max().unwrap_or_default();
        self.node(Kind::Chain(chain, operands), at, below)
    }

    fn relation_operator(&self) -> Option<Operator> {
        match self.peek() {
            TokenKind::Symbol("==") => Some(Operator::Equal),
            TokenKind::Symbol("!=") => Some(Operator::NotEqual),
            TokenKind::Symbol("<") => Some(Operator::Less),
            TokenKind::Symbol("<=") => Some(Operator::LessOrEqual),
            TokenKind::Symbol(">") => Some(Operator::Greater),
            TokenKind::Symbol(">=") => Some(Operator::GreaterOrEqual),
            TokenKind::Word(word) if &**word == "in" => Some(Operator::In),
            _ => None,
        }
    }

    fn relation(&mut self) -> Result<Expr, Error> {
        let mut left = self.sum()?;
        while let Some(operator) = self.relation_operator() {
            let at = self.token().at;
            self.next += 1;
            let right = self.sum()?;
            left = self.binary(operator, left, right, at)?;
        }
        Ok(left)
    }

    fn binary(&self, operator: Operator, left: Expr, right: Expr, at: usize) -> Result<Expr, Error> {
        let below = left.height.max(right.height);
        self.node(Kind::Binary(operator, Box::new(left), Box::new(right)), at, below)
    }

    fn sum(&mut self) -> Result<Expr, Error> {
        let mut left = self.product()?;
        loop {
            let at = self.token().at;
            if self.eat("+") {
                let right = self.product()?;
                left = self.add(left, right, at)?;
            } else if self.eat("-") {
                let right = self.product()?;
                left = self.binary(Operator::Subtract, left, right, at)?;
            } else {
                return Ok(left);
            }
        }
    }

    /// `a + b + c` is one node of three operands, added from the left.
    fn add(&self, left: Expr, right: Expr, at: usize) -> Result<Expr, Error> {
        let below = (left.height - 1).max(right.height);
        match left {
            Expr { kind: Kind::Chain(Chain::Add, mut operands), at, .. } => {
                operands.push(right);
                self.node(Kind::Chain(Chain::Add, operands), at, below)
            }
            left => {
                let below = left.height.max(right.height);
                self.node(Kind::Chain(Chain::Add, vec![left, right]), at, below)
            }
        }
    }

    fn product(&mut self) -> Result<Expr, Error> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.peek() {
                TokenKind::Symbol("*") => Operator::Multiply,
                TokenKind::Symbol("/") => Operator::Divide,
                TokenKind::Symbol("%") => Operator::Remainder,
                _ => return Ok(left),
            };
            let at = self.token().at;
            self.next += 1;
            let right = self.unary()?;
            left = self.binary(operator, left, right, at)?;
        }
    }

    fn unary(&mut self) -> Result<Expr, Error> {
        let at = self.token().at;
        let negative = self.is("-");
        if !negative && !self.is("!") {
            return self.member();
        }
        let after = self.tokens.get(self.next + 1).map(|token| &token.kind);
        if negative && matches!(after, Some(TokenKind::Integer(_) | TokenKind::Literal(Value::Double(_))))
        {
            return self.member();
        }
        self.next += 1;
        self.level += 1;
        if self.level > self.limits.depth {
            return Err(self.too_deep());
        }
        let operand = self.unary()?;
        self.level -= 1;
        let below = operand.height;
        let operand = Box::new(operand);
        let kind = if negative { Kind::Negate(operand) } else { Kind::Not(operand) };
        self.node(kind, at, below)
    }

    fn member(&mut self) -> Result<Expr, Error> {
        let mut left = self.primary()?;
        loop {
            let at = self.token().at;
            if self.eat(".") {
                left = self.select(left, at)?;
            } else if self.eat("[") {
                let optional = self.eat("?");
                let index = self.expression()?;
                self.expect("]")?;
                let below = left.height.max(index.height);
                let (operand, index) = (Box::new(left), Box::new(index));
                left = self.node(Kind::Index { operand, index, optional }, at, below)?;
            } else if self.is("{") && matches!(left.kind, Kind::Name(_) | Kind::Select { .. }) {
                return Err(self.error(at, "message literals are not supported"));
            } else {
                return Ok(left);
            }
        }
    }

    fn select(&mut self, operand: Expr, at: usize) -> Result<Expr, Error> {
        let optional = self.eat("?");
        let field = self.field()?;
        if !optional && self.is("(") {
            let at = self.token().at;
            self.next += 1;
            let arguments = self.arguments()?;
            let below = highest(&arguments).max(operand.height);
            let target = Some(Box::new(operand));
            return self.node(Kind::Call { target, name: field, arguments }, at, below);
        }
        let below = operand.height;
        self.node(Kind::Select { operand: Box::new(operand), field, optional }, at, below)
    }

    fn field(&mut self) -> Result<Arc<str>, Error> {
        let field = match self.peek() {
            TokenKind::Quoted(name) => name.clone(),
            TokenKind::Word(name) if !matches!(&**name, "in" | "true" | "false" | "null") => {
                name.clone()
            }
            _ => return Err(self.unexpected()),
        };
        self.next += 1;
        Ok(field)
    }

    /// Arguments up to and with the closing parenthesis.
    fn arguments(&mut self) -> Result<Vec<Expr>, Error> {
        let mut arguments = Vec::new();
        if self.eat(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if !self.eat(",") {
                self.expect(")")?;
                return Ok(arguments);
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, Error> {
        let at = self.token().at;
        let negative = self.eat("-");
        let kind = match self.peek().clone() {
            TokenKind::Integer(digits) => {
                self.next += 1;
                Kind::Literal(self.signed(digits, negative, at)?)
            }
            TokenKind::Literal(Value::Double(double)) if negative => {
                self.next += 1;
                Kind::Literal(Value::Double(-double))
            }
            TokenKind::Literal(value) => {
                self.next += 1;
                Kind::Literal(value)
            }
            TokenKind::Word(word) => return self.word(&word, at),
            TokenKind::Symbol("(") => {
                self.next += 1;
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            TokenKind::Symbol("[") => return self.list(at),
            TokenKind::Symbol("{") => return self.map(at),
            TokenKind::Symbol(".") => {
                // An absolute name: there is one scope, so the dot says nothing more.
                self.next += 1;
                return match self.peek().clone() {
                    TokenKind::Word(word) => self.word(&word, at),
                    _ => Err(self.unexpected()),
                };
            }
            _ => return Err(self.unexpected()),
        };
        self.node(kind, at, 0)
    }

    fn signed(&self, digits: u64, negative: bool, at: usize) -> Result<Value, Error> {
        let magnitude = i128::from(digits);
        i64::try_from(if negative { -magnitude } else { magnitude })
            .map(Value::Int)
            .map_err(|_| self.error(at, "invalid int literal"))
    }

    fn word(&mut self, word: &Arc<str>, at: usize) -> Result<Expr, Error> {
        let literal = match &**word {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            "null" => Some(Value::Null),
            reserved if RESERVED.contains(&reserved) => {
                return Err(self.error(at, format!("reserved identifier: {reserved}")));
            }
            _ => None,
        };
        self.next += 1;
        if let Some(value) = literal {
            return self.node(Kind::Literal(value), at, 0);
        }
        if self.is("(") {
            let at = self.token().at;
            self.next += 1;
            let arguments = self.arguments()?;
            let below = highest(&arguments);
            let kind = Kind::Call { target: None, name: word.clone(), arguments };
            return self.node(kind, at, below);
        }
        self.node(Kind::Name(word.clone()), at, 0)
    }

    fn list(&mut self, at: usize) -> Result<Expr, Error> {
        self.next += 1;
        let mut items = Vec::new();
        while !self.eat("]") {
            let optional = self.eat("?");
            items.push(Item { value: self.expression()?, optional });
            if !self.eat(",") {
                self.expect("]")?;
                break;
            }
        }
        let below = items.iter().map(|item| item.value.height).max().unwrap_or_default();
        self.node(Kind::List(items), at, below)
    }

    fn map(&mut self, at: usize) -> Result<Expr, Error> {
        self.next += 1;
        let mut entries = Vec::new();
        while !self.eat("}") {
            let optional = self.eat("?");
            let key = self.expression()?;
            self.expect(":")?;
            entries.push(Entry { key, value: self.expression()?, optional });
            if !self.eat(",") {
                self.expect("}")?;
                break;
            }
        }
        let below = entries
            .iter()
            .map(|entry| entry.key.height.max(entry.value.height))
            .max()
            .unwrap_or_default();
        self.node(Kind::Map(entries), at, below)
    }
}

fn highest(exprs: &[Expr]) -> usize {
    exprs.iter().map(|expr| expr.height).max().unwrap_or_default()
}
