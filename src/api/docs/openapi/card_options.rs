//! The parameters of cards, which several operations share. The operations read them from the address
//! themselves, because they answer with a picture if one is wrong.

use serde_json::{Value, json};

use super::super::node::Node;
use lantern_card::options::{MAX_MESSAGE, MAX_RADIUS_REM, MAX_TITLE, WIDTH, WIDTHS};

/// The parameters of an operation, if it answers with cards.
pub(super) fn of(operation_id: &str) -> Vec<Node> {
    let switch = || json!({"type": "integer", "enum": [0, 1], "default": 0});
    let hides = |name, what: &str| parameter(name, &format!("Whether {what}."), switch(), json!(1));
    let mut parameters = match operation_id {
        "get_user" => vec![parameter(
            "svg",
            "Whether the user is answered as a picture. `1`, `0`, `true` and `false` are understood here \
             and by the other switches.",
            json!({"type": "string", "enum": ["0", "1", "true", "false"], "default": "0"}),
            json!("0"),
        )],
        "get_card_svg" => Vec::new(),
        "get_card_png" => vec![parameter(
            "width",
            "How wide the PNG is, in pixels.",
            json!({"type": "integer", "minimum": WIDTHS.start(), "maximum": WIDTHS.end(), "default": WIDTH}),
            json!(1_200),
        )],
        _ => return Vec::new(),
    };
    parameters.extend([
        parameter(
            "theme",
            "The colours: for dark pages or for light ones.",
            json!({"type": "string", "enum": ["dark", "light"], "default": "dark"}),
            json!("light"),
        ),
        parameter(
            "borderRadius",
            "How round the corners are, in rem of 16 pixels.",
            json!({"type": "number", "minimum": 0, "maximum": MAX_RADIUS_REM, "default": 2}),
            json!(1.5),
        ),
        hides("hideGlobalName", "the username stands in place of the global name"),
        hides("hideStatus", "status, platforms and custom status are left out"),
        hides("hideBadges", "badges are left out"),
        hides("hideActivity", "activities are left out"),
        hides("hideLastSeen", "it is left out when the user was last seen"),
        hides("hideServerTag", "the server tag is left out"),
        parameter(
            "noActivityTitle",
            "What is said of somebody who does nothing.",
            json!({"type": "string", "maxLength": MAX_TITLE, "default": "No Activity"}),
            json!("Nothing going on"),
        ),
        parameter(
            "noActivityMessage",
            "The sentence below it.",
            json!({"type": "string", "maxLength": MAX_MESSAGE, "default": "This user is not currently doing anything."}),
            json!("Wave to me in the square!"),
        ),
        parameter(
            "animate",
            "Whether what moves in the picture moves.",
            json!({"type": "integer", "enum": [0, 1], "default": 1}),
            json!(0),
        ),
    ]);
    parameters
}

/// The example stands in the schema, where pages do not send it unasked.
fn parameter(name: &str, description: &str, mut schema: Value, example: Value) -> Node {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("examples".to_owned(), json!([example]));
    }
    Node::object([
        ("name", name.into()),
        ("in", "query".into()),
        ("description", description.into()),
        ("required", false.into()),
        ("schema", schema.into()),
    ])
}
