//! As much of S3 as a store of files needs. It knows who asks by the id of the key, and checks no signature.

use super::{Object, STORE_KEY, Shared};
use axum::body::Body;
use http::{Method, Request, Response};

pub(crate) fn answer(shared: &mut Shared, request: &Request<Vec<u8>>, key: &str) -> Option<Response<Body>> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !header("authorization").contains(&format!("Credential={STORE_KEY}/")) {
        return refused(403, "InvalidAccessKeyId");
    }
    let dated = Response::builder().header("etag", "\"1\"").header("last-modified", "Tue, 14 Nov 2023 22:13:20 GMT");
    match *request.method() {
        Method::PUT if shared.cuts.is_some_and(|part| key.contains(part)) => None,
        Method::PUT => {
            let object = Object { bytes: request.body().clone(), kind: header("content-type").to_owned() };
            shared.objects.insert(key.to_owned(), object);
            shared.puts.push(key.to_owned());
            dated.body(Body::empty()).ok()
        }
        Method::GET if key.is_empty() => {
            let query = request.uri().query().unwrap_or_default().replace("%2F", "/");
            let prefix = query.split('&').find_map(|part| part.strip_prefix("prefix=")).unwrap_or_default();
            let found = shared.objects.iter().filter(|(key, _)| key.starts_with(prefix)).map(|(key, object)| {
                let size = object.bytes.len();
                format!("<Contents><Key>{key}</Key><LastModified>2023-11-14T22:13:20.000Z</LastModified><ETag>1</ETag><Size>{size}</Size></Contents>")
            });
            let found: String = found.collect();
            let list = format!("<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>");
            Response::builder().body(Body::from(list)).ok()
        }
        Method::GET => match shared.objects.get(key) {
            Some(object) => dated.body(Body::from(object.bytes.clone())).ok(),
            None => refused(404, "NoSuchKey"),
        },
        _ => refused(405, "MethodNotAllowed"),
    }
}

fn refused(status: u16, code: &str) -> Option<Response<Body>> {
    Response::builder().status(status).body(Body::from(format!("<Error><Code>{code}</Code></Error>"))).ok()
}
