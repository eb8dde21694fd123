//! What there is to be fetched: pages, domains that want more than a plain request, and faults.

use std::collections::{HashMap, VecDeque};

use url::Url;

use super::codes::Code;
use super::params::{Asked, Refusal};

/// What a domain wants before it gives a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Needs {
    /// A plain request will do.
    #[default]
    Nothing,
    /// `js_render`.
    JsRender,
    /// `premium_proxy`.
    PremiumProxy,
    /// Both.
    Both,
}

impl Needs {
    fn js_render(self) -> bool {
        matches!(self, Self::JsRender | Self::Both)
    }

    fn premium_proxy(self) -> bool {
        matches!(self, Self::PremiumProxy | Self::Both)
    }
}

/// What is wrong with an answer that is otherwise as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Garbage {
    /// An HTML page of some gateway, whatever was asked for, under the status that was due.
    Html,
    /// The connection closes half-way.
    CutOff,
    /// No body at all.
    Empty,
}

/// A page of the page table.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) html: String,
    pub(super) status: u16,
    pub(super) final_url: Option<String>,
}

impl Page {
    fn empty(status: u16) -> Self {
        Self {
            html: format!("<!DOCTYPE html><title>{status}</title><h1>{status}</h1>"),
            status,
            final_url: None,
        }
    }
}

/// Something that goes wrong, for so many requests or for good.
struct Fault {
    code: Code,
    left: Option<u64>,
}

impl Fault {
    /// Whether it strikes once more.
    fn strike(&mut self) -> Option<Code> {
        match &mut self.left {
            None => Some(self.code),
            Some(0) => None,
            Some(left) => {
                *left -= 1;
                Some(self.code)
            }
        }
    }
}

#[derive(Default)]
struct Domain {
    forbidden: bool,
    needs: Needs,
    extract: bool,
    fault: Option<Fault>,
}

/// The web, as the stand-in knows it.
#[derive(Default)]
pub(super) struct Targets {
    pages: HashMap<String, Page>,
    domains: HashMap<String, Domain>,
    next: VecDeque<Code>,
    garbage: VecDeque<Garbage>,
}

/// A page, and what was used to get it.
pub(super) struct Fetched {
    pub(super) page: Page,
    pub(super) cost: u32,
}

impl Targets {
    fn domain(&mut self, host: &str) -> &mut Domain {
        self.domains.entry(host.to_owned()).or_default()
    }

    pub(super) fn forbid(&mut self, host: &str) {
        self.domain(host).forbidden = true;
    }

    pub(super) fn require(&mut self, host: &str, needs: Needs) {
        self.domain(host).needs = needs;
    }

    pub(super) fn enable_extract(&mut self, host: &str) {
        self.domain(host).extract = true;
    }

    pub(super) fn fail(&mut self, host: &str, code: Code, times: Option<u64>) {
        self.domain(host).fault = Some(Fault { code, left: times });
    }

    pub(super) fn heal(&mut self, host: &str) {
        self.domain(host).fault = None;
    }

    pub(super) fn fail_next(&mut self, code: Code, times: usize) {
        self.next.extend(std::iter::repeat_n(code, times));
    }

    pub(super) fn garble_next(&mut self, garbage: Garbage, times: usize) {
        self.garbage.extend(std::iter::repeat_n(garbage, times));
    }

    pub(super) fn garbage(&mut self) -> Option<Garbage> {
        self.garbage.pop_front()
    }

    pub(super) fn set_page(&mut self, url: &str, html: &str) {
        self.entry(url).html = html.to_owned();
    }

    pub(super) fn set_status(&mut self, url: &str, status: u16) {
        self.entry(url).status = status;
    }

    pub(super) fn set_final_url(&mut self, url: &str, to: &str) {
        self.entry(url).final_url = Some(to.to_owned());
    }

    fn entry(&mut self, url: &str) -> &mut Page {
        let url = Url::parse(url).map_or_else(|_| url.to_owned(), String::from);
        self.pages.entry(url.clone()).or_insert_with(|| Page {
            html: generated(&url),
            status: 200,
            final_url: None,
        })
    }

    /// What is refused before any work is done.
    pub(super) fn check(&self, asked: &Asked) -> Result<(), Refusal> {
        match self.domains.get(&asked.host) {
            Some(domain) if domain.forbidden => Err(Refusal::new(
                Code::Reqs001,
                format!("{} may not be asked for.", asked.host),
            )),
            _ => Ok(()),
        }
    }

    /// The page, or why there is none.
    pub(super) fn fetch(&mut self, asked: &Asked, largest: usize) -> Result<Fetched, Refusal> {
        if let Some(code) = self.next.pop_front() {
            return Err(Refusal::new(code, "The request failed."));
        }
        let domain = self.domain(&asked.host);
        if asked.extract && !domain.extract {
            return Err(Refusal::new(Code::Auth010, "extract is not enabled for this domain."));
        }
        if let Some(code) = domain.fault.as_mut().and_then(Fault::strike) {
            return Err(Refusal::new(code, format!("{} failed.", asked.host)));
        }
        let needs = domain.needs;
        let js_render = asked.js_render || (asked.auto && needs.js_render());
        let premium_proxy = asked.premium_proxy || (asked.auto && needs.premium_proxy());
        if (needs.js_render() && !js_render) || (needs.premium_proxy() && !premium_proxy) {
            let wanted = match needs {
                Needs::JsRender => "js_render=true",
                Needs::PremiumProxy => "premium_proxy=true",
                _ => "js_render=true and premium_proxy=true",
            };
            return Err(Refusal::new(Code::Reqs002, format!("Add {wanted}.")));
        }
        let page = self.pages.get(asked.url.as_str()).cloned().unwrap_or_else(|| Page {
            html: generated(asked.url.as_str()),
            status: 200,
            final_url: None,
        });
        let wanted = asked.original_status || asked.allowed_statuses.contains(&page.status);
        if !(200..300).contains(&page.status) && !wanted {
            let code = if page.status == 404 {
                Code::Resp002
            } else {
                Code::Resp001
            };
            return Err(Refusal::new(code, format!("The target answered {}.", page.status)));
        }
        if page.html.len() > largest {
            return Err(Refusal::new(Code::Resp005, format!("The plan allows {largest} bytes.")));
        }
        let page = if page.html.is_empty() && page.status != 200 {
            Page::empty(page.status)
        } else {
            page
        };
        let cost = match (js_render, premium_proxy) {
            (false, false) => 1,
            (true, false) => 5,
            (false, true) => 10,
            (true, true) => 25,
        };
        Ok(Fetched { page, cost })
    }
}

/// A practice's page for any URL: always the same for the same one.
pub(super) fn generated(url: &str) -> String {
    let host = Url::parse(url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| url.to_owned());
    let digits = host
        .bytes()
        .fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)))
        % 10_000;
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{host}</title>\
         <link rel=\"canonical\" href=\"{}\"></head>\n<body>\n<h1>{host}</h1>\n\
         <p>Phone <a href=\"tel:+6449{digits:04}00\">(04) 9{digits:04}00</a>, \
         email <a href=\"mailto:hello@{host}\">hello@{host}</a></p>\n</body>\n</html>\n",
        url.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;"),
    )
}
