//! The page, which is made from what the devices describe: its files are in this program.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rpc_proto::wire::crc::Crc32;

/// Nothing from elsewhere, no script or style in the page itself, and no HTML from text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// A file of the page.
struct File {
    name: &'static str,
    content: &'static [u8],
}

/// Puts files of the folder `page` into the program.
macro_rules! files {
    ($($name:literal)*) => {
        [$(File { name: $name, content: include_bytes!(concat!("../page/", $name)) }),*]
    };
}

static FILES: &[File] = &files! {
    "index.html" "style.css" "icon.svg"
    "api.js" "blocks.js" "call.js" "device.js" "element.js" "event.js" "feed.js" "form.js" "json.js"
    "live.js" "log.js" "main.js" "outcome.js" "plot.js" "procedure.js" "prose.js" "sources.js" "statistics.js"
    "stream.js" "token.js" "transfer.js" "type.js" "value.js"
    "fields/bytes.js" "fields/choice.js" "fields/group.js" "fields/leaf.js" "fields/number.js"
    "fields/rows.js" "fields/text.js"
};

/// Returns the routes of the page: `/` and `/page/…`. They need no state and have no secrets.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let index = |headers: HeaderMap| async move { serve("index.html", &headers) };
    let file = |Path(name): Path<String>, headers: HeaderMap| async move { serve(&name, &headers) };
    Router::new()
        .route("/", get(index))
        .route("/page/{*name}", get(file))
}

fn serve(name: &str, headers: &HeaderMap) -> Response {
    let Some(file) = FILES.iter().find(|file| file.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = file.tag();
    let common = [
        (ETAG, tag.as_str()),
        // A browser asks each time, and gets 304 unless the program is another.
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    let known = headers.get_all(IF_NONE_MATCH).iter();
    let mut known = known.filter_map(|tags| tags.to_str().ok());
    if known.any(|tags| {
        tags.split(',')
            .any(|known| known.trim().trim_start_matches("W/") == tag)
    }) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    (common, [(CONTENT_TYPE, file.media_type())], file.content).into_response()
}

impl File {
    /// Returns a tag that changes with the content.
    fn tag(&self) -> String {
        format!("\"{:08x}\"", Crc32::new().then(self.content).value())
    }

    fn media_type(&self) -> &'static str {
        match self.name.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "application/octet-stream",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use std::collections::BTreeSet;
    use std::fs;

    #[test]
    fn every_file_of_the_folder_is_served_with_its_type() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
        let mut found = BTreeSet::new();
        for (prefix, folder) in [("", folder.clone()), ("fields/", folder.join("fields"))] {
            let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
            let files = entries.filter(|entry| entry.path().is_file());
            found.extend(files.map(|file| format!("{prefix}{}", file.file_name().display())));
        }
        let served: BTreeSet<_> = FILES.iter().map(|file| file.name.to_owned()).collect();
        assert_eq!(found, served);
        for name in served {
            let response = serve(&name, &HeaderMap::new());
            let kind = response.headers()[CONTENT_TYPE].to_str().unwrap();
            assert!(!kind.starts_with("application/octet-stream"), "{name}");
            assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        }
    }

    #[test]
    fn nothing_on_the_page_is_from_elsewhere() {
        for file in FILES {
            let text = std::str::from_utf8(file.content).unwrap();
            // The name of SVG's elements is no address.
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("://"), "{}", file.name);
            assert!(!text.contains("innerHTML"), "{}", file.name);
        }
        let response = serve("index.html", &HeaderMap::new());
        let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str();
        assert!(policy.unwrap().starts_with("default-src 'none'"));
    }

    #[test]
    fn a_browser_that_has_a_file_gets_no_copy() {
        let tag = serve("main.js", &HeaderMap::new()).headers()[ETAG].clone();
        let known = |tags: &str| {
            let tags = HeaderValue::from_str(tags).unwrap();
            serve("main.js", &HeaderMap::from_iter([(IF_NONE_MATCH, tags)])).status()
        };
        let tag = tag.to_str().unwrap();
        assert_eq!(
            known(&format!("\"other\", W/{tag}")),
            StatusCode::NOT_MODIFIED
        );
        assert_eq!(known("\"other\""), StatusCode::OK);
        assert_eq!(
            serve("../Cargo.toml", &HeaderMap::new()).status(),
            StatusCode::NOT_FOUND
        );
    }
}
