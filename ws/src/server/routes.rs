//! The routes: which path is answered by what.
//!
//! Promises that the exact path wins, then the longest prefix. It decodes no path.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use crate::error::Error;
use crate::http::{Request, Response};

use super::websocket_route::WebSocketRoute;

/// A path as it was given: exact, or a prefix with `*` behind it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Rc<str>);

impl Pattern {
    pub(crate) fn new(path: &str) -> Pattern {
        Pattern(path.into())
    }

    pub(crate) fn as_given(&self) -> &Rc<str> {
        &self.0
    }

    /// How well a path fits: an exact one better than any prefix. `None` if it doesn't.
    fn fit(&self, path: &str) -> Option<usize> {
        match self.0.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix).then_some(prefix.len()),
            None => (path == &*self.0).then_some(usize::MAX),
        }
    }

    fn check(&self) -> Result<(), Error> {
        let bad = |expected| Err(Error::InvalidRoute { expected, came: self.0.to_string() });
        if !self.0.starts_with('/') {
            return bad("a path that begins with /");
        }
        if self.0.trim_end_matches('*').contains('*') || self.0.ends_with("**") {
            return bad("a path with at most one *, at its end");
        }
        if self.0.contains('?') {
            return bad("a path without a query");
        }
        Ok(())
    }
}

/// An answer that is waited for.
pub(crate) type Later = Pin<Box<dyn Future<Output = Response>>>;

/// The program's own code, which makes an answer.
pub(crate) enum Respond {
    Now(Box<dyn Fn(&Request) -> Response>),
    Later(Box<dyn Fn(Request) -> Later>),
}

/// What GET and HEAD, or POST, get at a path.
pub(crate) struct Page {
    pub(crate) pattern: Pattern,
    pub(crate) respond: Respond,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Page").field(&self.pattern).finish()
    }
}

/// All routes of a server.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    pub(crate) pages: Vec<Page>,
    pub(crate) posts: Vec<Page>,
    pub(crate) sockets: Vec<Rc<WebSocketRoute>>,
}

impl Routes {
    pub(crate) fn page(&self, path: &str) -> Option<&Page> {
        best(&self.pages, path, |page| &page.pattern)
    }

    pub(crate) fn post(&self, path: &str) -> Option<&Page> {
        best(&self.posts, path, |page| &page.pattern)
    }

    pub(crate) fn socket(&self, path: &str) -> Option<&Rc<WebSocketRoute>> {
        best(&self.sockets, path, |route| route.pattern())
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        check_patterns(self.pages.iter().map(|page| &page.pattern))?;
        check_patterns(self.posts.iter().map(|page| &page.pattern))?;
        check_patterns(self.sockets.iter().map(|route| route.pattern()))?;
        self.sockets.iter().try_for_each(|route| route.check())
    }
}

fn best<'a, T>(routes: &'a [T], path: &str, pattern: impl Fn(&T) -> &Pattern) -> Option<&'a T> {
    let fitting = routes.iter().filter_map(|route| Some((pattern(route).fit(path)?, route)));
    fitting.max_by_key(|(fit, _)| *fit).map(|(_, route)| route)
}

fn check_patterns<'a>(patterns: impl Iterator<Item = &'a Pattern>) -> Result<(), Error> {
    let mut known = Vec::new();
    for pattern in patterns {
        pattern.check()?;
        if known.contains(&pattern) {
            let came = pattern.0.to_string();
            return Err(Error::InvalidRoute { expected: "each path once", came });
        }
        known.push(pattern);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(paths: &[&str]) -> Routes {
        let page = |path: &&str| Page {
            pattern: Pattern::new(path),
            respond: Respond::Now(Box::new(|_| Response::status(204))),
        };
        Routes { pages: paths.iter().map(page).collect(), ..Routes::default() }
    }

    #[test]
    fn the_exact_path_wins_then_the_longest_prefix() {
        let routes = routes(&["/a/*", "/a/b", "/a/b*", "/"]);
        routes.check().expect("good routes");
        for (path, found) in [
            ("/a/b", Some("/a/b")),
            ("/a/bc", Some("/a/b*")),
            ("/a/", Some("/a/*")),
            ("/a", None),
            ("/", Some("/")),
            ("/b", None),
        ] {
            let page = routes.page(path).map(|page| &**page.pattern.as_given());
            assert_eq!(page, found, "{path}");
        }
    }

    #[test]
    fn a_route_that_can_not_be_served_is_an_error() {
        for paths in [&["a"][..], &["/*/a"], &["/**"], &["/a?b"], &["/a", "/a"], &[""]] {
            let error = routes(paths).check().expect_err("a bad route");
            assert!(matches!(error, Error::InvalidRoute { .. }), "{error}");
        }
    }
}
