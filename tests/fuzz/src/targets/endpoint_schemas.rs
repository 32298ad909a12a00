//! The operations of endpoints' schemas.

use compile::endpoint_schema::operations;

use super::same;

pub(super) fn openapi(input: &str) -> Result<(), String> {
    read("HTTP", "openapi", input)
}

pub(super) fn protobuf(input: &str) -> Result<(), String> {
    read("gRPC", "proto", input)
}

fn read(endpoint: &str, schema: &str, input: &str) -> Result<(), String> {
    let once = || operations(endpoint, schema, input).map_err(|error| error.to_string());
    let first = once();
    if first.as_ref().is_err_and(String::is_empty) {
        return Err("an error without a text".to_owned());
    }
    same(&first, &once())
}
