//! Addresses, without zones and not of version 4 within version 6.

mod parse;

use std::net::IpAddr;

use super::{opaque, quoted};
use crate::error::Error;
use crate::evaluate::Budget;
use crate::library::{Function, Outcome, global, member, text};
use crate::value::{Opaque, Value};

pub(super) use parse::parse as parse_any;

pub(super) const TYPE: &str = "net.IP";

pub(super) const FUNCTIONS: &[Function] = &[
    global("ip", &["string -> net.IP"], |arguments, budget| {
        parse(text("ip", arguments, 0)?, budget)?
            .map(Value::opaque)
            .map_err(Error::Argument)
    }),
    // An overload of the same name turns a network into an address.
    member("ip", &["net.CIDR -> net.IP"], super::cidr::address),
    global("isIP", &["string -> bool"], |arguments, budget| {
        Ok(Value::Bool(
            parse(text("isIP", arguments, 0)?, budget)?.is_ok(),
        ))
    }),
    global(
        "ip.isCanonical",
        &["string -> bool"],
        |arguments, budget| {
            let text = text("ip.isCanonical", arguments, 0)?;
            let address = parse(text, budget)?.map_err(Error::Argument)?;
            Ok(Value::Bool(address.0.to_string() == text))
        },
    ),
    member("family", &["net.IP -> int"], |arguments, _| {
        let Address(address) = opaque("family", arguments, 0)?;
        Ok(Value::Int(if address.is_ipv4() { 4 } else { 6 }))
    }),
    member("isUnspecified", PREDICATE, |arguments, _| {
        tested("isUnspecified", arguments, IpAddr::is_unspecified)
    }),
    member("isLoopback", PREDICATE, |arguments, _| {
        tested("isLoopback", arguments, IpAddr::is_loopback)
    }),
    member("isLinkLocalMulticast", PREDICATE, |arguments, _| {
        tested("isLinkLocalMulticast", arguments, is_link_local_multicast)
    }),
    member("isLinkLocalUnicast", PREDICATE, |arguments, _| {
        tested("isLinkLocalUnicast", arguments, is_link_local_unicast)
    }),
    member("isGlobalUnicast", PREDICATE, |arguments, _| {
        tested("isGlobalUnicast", arguments, is_global_unicast)
    }),
];

const PREDICATE: &[&str] = &["net.IP -> bool"];

/// An address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address(pub(super) IpAddr);

impl Opaque for Address {
    fn type_name(&self) -> &'static str {
        TYPE
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        other.downcast() == Some(self)
    }

    fn text(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

/// Reads an address, or says what is wrong with the text.
///
/// # Errors
/// The budget is spent.
pub(super) fn parse(text: &str, budget: &mut Budget) -> Result<Result<Address, String>, Error> {
    budget.steps(text.len() / 16)?;
    let wrong = |reason| {
        let text = quoted(text);
        format!("IP Address {text} parse error during conversion from string: {reason}")
    };
    Ok(match parse_any(text) {
        Err(reason) => Err(wrong(reason)),
        Ok((_, zone)) if !zone.is_empty() => Err(format!(
            "IP address {} with zone value is not allowed",
            quoted(text)
        )),
        Ok((address, _)) if is_mapped(address) => Err(mapped(text)),
        Ok((address, _)) => Ok(Address(address)),
    })
}

pub(super) fn is_mapped(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some())
}

/// The words for an address of version 4 within version 6.
pub(super) fn mapped(text: &str) -> String {
    format!("IPv4-mapped IPv6 address {} is not allowed", quoted(text))
}

fn tested(name: &str, arguments: &[Value], test: fn(&IpAddr) -> bool) -> Outcome {
    let Address(address) = opaque(name, arguments, 0)?;
    Ok(Value::Bool(test(address)))
}

fn is_link_local_multicast(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.octets()[..3] == [224, 0, 0],
        IpAddr::V6(address) => address.segments()[0] & 0xff0f == 0xff02,
    }
}

fn is_link_local_unicast(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn is_global_unicast(address: &IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !broadcast
        && !address.is_unspecified()
        && !address.is_loopback()
        && !address.is_multicast()
        && !is_link_local_unicast(address)
}
