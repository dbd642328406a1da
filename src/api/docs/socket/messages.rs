//! The messages, in the order of their opcodes.

use super::{
    super::node::Node,
    html::{self, code, escape},
    markdown, schemas,
};

/// As many examples as this are folded up.
const FEW: usize = 6;

/// A message of the document.
pub(super) struct Message<'a> {
    node: &'a Node,
    /// Whether clients send it.
    is_from_client: bool,
}

/// All messages. The document has them in the order of their opcodes.
pub(super) fn all(document: &Node) -> Vec<Message<'_>> {
    let from_client = document.at("#/operations/fromClient/messages").items();
    let messages = document.at("#/components/messages").members();
    let messages = messages.map(|(name, node)| {
        let reference = format!("#/channels/socket/messages/{name}");
        let mut sent = from_client.iter().map(|it| it.get("$ref"));
        Message {
            node,
            is_from_client: sent.any(|it| it.as_text() == Some(&reference)),
        }
    });
    messages.collect()
}

impl Message<'_> {
    /// Its name and opcode.
    pub fn title(&self) -> &str {
        self.node.get("title").as_text().unwrap_or_default()
    }

    /// Where it is on the page.
    pub fn id(&self) -> String {
        html::id(self.title())
    }

    fn html(&self, document: &Node) -> String {
        let (class, direction) = match self.is_from_client {
            true => ("client", "client → server"),
            false => ("server", "server → client"),
        };
        let (name, number) = self.title().split_once(" (").unwrap_or((self.title(), ""));
        let summary = self.node.get("summary").as_text().unwrap_or_default();
        format!(
            "<article class=\"message\" id=\"{id}\"><h3><span class=\"op\">{number}</span> {name} \
             <span class=\"direction {class}\">{direction}</span></h3>\n{summary}{fields}{examples}\
             </article>\n",
            id = self.id(),
            number = escape(number.trim_end_matches(')')),
            name = escape(name),
            summary = markdown::html(summary),
            fields = schemas::of(self.node.get("payload"), document),
            examples = self.examples(),
        )
    }

    fn examples(&self) -> String {
        let examples = self.node.get("examples").items();
        match examples {
            // Of many, each is short: a sentence that differs.
            [first, others @ ..] if others.len() >= FEW => {
                let rows: String = others.iter().map(row).collect();
                format!(
                    "{}<details><summary>{} more</summary><div class=\"wide\"><table><tbody>\n\
                     {rows}</tbody></table></div></details>\n",
                    example(first),
                    others.len()
                )
            }
            few => few.iter().map(example).collect(),
        }
    }
}

fn example(example: &Node) -> String {
    let name = match example.get("name").as_text() {
        Some(name) => format!("Example: {}", escape(name)),
        None => "Example".to_owned(),
    };
    let json = html::json(example.get("payload"));
    format!("<figure><figcaption>{name}</figcaption><pre><code>{json}</code></pre></figure>\n")
}

fn row(example: &Node) -> String {
    let name = escape(example.get("name").as_text().unwrap_or_default());
    let json = serde_json::to_string(example.get("payload")).unwrap_or_default();
    format!("<tr><td>{name}</td><td>{}</td></tr>\n", code(&json))
}

/// All messages as HTML.
pub(super) fn html(document: &Node) -> String {
    let messages = all(document).into_iter();
    messages.map(|message| message.html(document)).collect()
}
