//! `/docs`: Swagger UI, as the framework brings it along, with the document inside and under our name.

use super::openapi;

const CSS: &str = include_str!("swagger.css");

/// The other pages, above this one.
const PAGES: &str = "<nav class=\"pages\"><b>Lantern</b> <a href=\"/\">Live page</a> \
    <a href=\"/docs/socket\">Presence socket</a> <a href=\"/openapi.json\">openapi.json</a> \
    <a href=\"/asyncapi.yaml\">asyncapi.yaml</a></nav>";

/// The page.
pub(super) fn page() -> String {
    let (page, framework_document) = openapi::framework_page();
    // Within a script, no text may look like its end.
    let document = openapi::document().replace("</", "<\\/");
    replacements(&framework_document, &document)
        .into_iter()
        .fold(page, |page, (theirs, ours)| {
            page.replacen(&theirs, &ours, 1)
        })
}

/// What is otherwise in the framework's page. The document is the last, for it may hold any text.
fn replacements(framework_document: &str, document: &str) -> [(String, String); 4] {
    let head = "<title>Lantern API</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"icon\" href=\"data:,\">";
    [
        (
            "<html charset=\"UTF-8\">".to_owned(),
            "<!doctype html>\n<html lang=\"en\">".to_owned(),
        ),
        ("<title>Swagger UI</title>".to_owned(), head.to_owned()),
        (
            "<div id=\"ui\"></div>".to_owned(),
            format!("<style>{CSS}</style>\n{PAGES}\n<main id=\"ui\"></main>"),
        ),
        (framework_document.to_owned(), document.to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_replaced_is_there() {
        let (page, framework_document) = openapi::framework_page();
        for (theirs, _) in replacements(&framework_document, "") {
            assert!(page.contains(&theirs), "{theirs}");
        }
        assert!(!super::page().contains("\"openapi\": \"3.0"));
    }
}
