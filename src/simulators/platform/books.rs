//! What was made, for whom, and by which keys.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::fault::{Asked, Faults};
use super::resource::{Resource, menu_items};

/// A status and a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    /// Something was made.
    pub(super) effect: bool,
    /// It is the answer of an earlier request with the same key.
    pub(super) replayed: bool,
}

impl Answer {
    pub(super) fn new(status: u16, body: Value) -> Self {
        Self {
            status,
            body,
            effect: false,
            replayed: false,
        }
    }

    pub(super) fn refusal(status: u16, error: impl Into<String>) -> Self {
        Self::new(status, json!({ "error": error.into() }))
    }
}

/// A request to make something.
pub(super) struct Order<'a> {
    pub(super) resource: Resource,
    /// JSON's own fields, or those of the query.
    pub(super) fields: Map<String, Value>,
    /// The body where it is no JSON.
    pub(super) text: Option<&'a str>,
    pub(super) key: Option<&'a str>,
}

/// The request that a key came with first, and its answer.
struct Kept {
    resource: Resource,
    fields: Map<String, Value>,
    text: Option<String>,
    answer: Answer,
}

/// One lock holds them, so that a request is carried out whole.
pub(super) struct Books {
    pub(super) honours_keys: bool,
    pub(super) faults: Faults,
    made: BTreeMap<(Resource, String), Vec<Value>>,
    keys: HashMap<String, Kept>,
    arrived: HashMap<(Resource, Asked), u64>,
    next: u64,
}

impl Books {
    pub(super) fn new(honours_keys: bool) -> Self {
        Self {
            honours_keys,
            faults: Faults::default(),
            made: BTreeMap::new(),
            keys: HashMap::new(),
            arrived: HashMap::new(),
            next: 1,
        }
    }

    pub(super) fn arrive(&mut self, resource: Resource, asked: Asked) {
        *self.arrived.entry((resource, asked)).or_default() += 1;
    }

    pub(super) fn arrived(&self, resource: Resource, asked: Asked) -> u64 {
        self.arrived.get(&(resource, asked)).copied().unwrap_or_default()
    }

    pub(super) fn made(&self, resource: Resource, reference: &str) -> &[Value] {
        self.made
            .get(&(resource, reference.to_owned()))
            .map_or(&[], Vec::as_slice)
    }

    pub(super) fn effects(&self, resource: Resource, reference: &str) -> u64 {
        self.made(resource, reference).len() as u64
    }

    /// Resource, reference and how often, of everything that was made.
    pub(super) fn all_effects(&self) -> impl Iterator<Item = (Resource, &str, u64)> {
        self.made
            .iter()
            .map(|((resource, reference), made)| (*resource, reference.as_str(), made.len() as u64))
    }

    /// Makes what is asked for.
    pub(super) fn make(&mut self, order: Order<'_>) -> Answer {
        let known = order
            .key
            .filter(|_| self.honours_keys)
            .and_then(|key| self.keys.get(key));
        if let Some(kept) = known {
            let same =
                kept.resource == order.resource && kept.fields == order.fields && kept.text.as_deref() == order.text;
            return if same {
                Answer {
                    effect: false,
                    replayed: true,
                    ..kept.answer.clone()
                }
            } else {
                Answer::refusal(422, "the Idempotency-Key came with another request before")
            };
        }
        let mistakes = self.mistakes(&order);
        if !mistakes.is_empty() {
            return Answer::new(422, json!({ "error": mistakes.join("; "), "errors": mistakes }));
        }
        let answer = self.carry_out(&order);
        // Kept whether keys are honoured or not, so that this can be switched between two requests.
        if let Some(key) = order.key {
            let kept = Kept {
                resource: order.resource,
                fields: order.fields,
                text: order.text.map(str::to_owned),
                answer: answer.clone(),
            };
            self.keys.insert(key.to_owned(), kept);
        }
        answer
    }

    fn mistakes(&self, order: &Order<'_>) -> Vec<String> {
        let mut mistakes = order.resource.mistakes(&order.fields);
        match (order.resource, order.text) {
            (Resource::Menus, None) => mistakes.push("the body takes the menu as text/csv".to_owned()),
            (Resource::Menus, Some(csv)) => {
                let told = menu_items(csv)
                    .err()
                    .map(|wrong| format!("the menu cannot be read: {wrong}"));
                mistakes.extend(told);
            }
            (_, Some(_)) => mistakes.push("the body takes a JSON object".to_owned()),
            (_, None) => {}
        }
        if let Some((parent, field)) = order.resource.belongs_to()
            && let Some(id) = order.fields.get(field).and_then(Value::as_str)
        {
            let parents = self.made(parent, reference(&order.fields));
            if parents.iter().all(|made| made["id"] != id) {
                mistakes.push(format!("{field} names none of the {parent} of this reference"));
            }
        }
        mistakes
    }

    fn carry_out(&mut self, order: &Order<'_>) -> Answer {
        let name = order.resource.name();
        let mut made = Map::from_iter([("id".to_owned(), format!("{name}-{}", self.next).into())]);
        self.next += 1;
        made.extend(order.fields.clone());
        if let Some(items) = order.text.and_then(|csv| menu_items(csv).ok()) {
            made.insert("items".to_owned(), items.into());
        }
        let made = Value::Object(made);
        let place = (order.resource, reference(&order.fields).to_owned());
        self.made.entry(place).or_default().push(made.clone());
        Answer {
            effect: true,
            ..Answer::new(201, made)
        }
    }

    /// What was made of this.
    pub(super) fn find(&self, resource: Resource, reference: &str) -> Answer {
        Answer::new(200, json!({ "data": self.made(resource, reference) }))
    }

    /// Whether the restaurant can go live.
    pub(super) fn readiness(&self, reference: &str) -> Answer {
        let needed = [
            Resource::Accounts,
            Resource::Restaurants,
            Resource::ApiUsers,
            Resource::Websites,
            Resource::Services,
            Resource::OnboardingUsers,
        ];
        let missing: Vec<&str> = needed
            .into_iter()
            .filter(|resource| self.effects(*resource, reference) == 0)
            .map(Resource::name)
            .collect();
        if missing.is_empty() {
            Answer::new(200, json!({ "reference": reference, "ready": true }))
        } else {
            let error = format!("the restaurant cannot go live without {}", missing.join(", "));
            Answer::new(409, json!({ "error": error, "ready": false, "missing": missing }))
        }
    }
}

/// The registration that a request names.
pub(super) fn reference(fields: &Map<String, Value>) -> &str {
    fields.get("reference").and_then(Value::as_str).unwrap_or_default()
}
