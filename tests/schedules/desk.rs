//! A daemon, people who use it, and restaurants.

use std::time::{Duration, Instant};

use reqwest::Method;
use sea_orm::{ConnectionTrait as _, Database, Statement};
use serde_json::Value;

use crate::support::api::{Answer, Api};
use crate::support::daemon::{Daemon, Db};
use crate::support::start;

const SOON: Duration = Duration::from_secs(60);
const POLL_EVERY: Duration = Duration::from_millis(20);
const JSON: (&str, &str) = ("content-type", "application/json");

pub struct Desk {
    pub daemon: Daemon,
    token: String,
    pub member: Api,
}

/// The id of the n-th restaurant.
pub fn restaurant(n: usize) -> String {
    format!("0190a000-0000-7000-8000-{n:012}")
}

impl Desk {
    /// With so many restaurants: hot ones in Auckland, every third a cold one in Taupo.
    pub async fn open(database: &Db, restaurants: usize) -> Self {
        let daemon = start(database);
        let token = daemon.token("member");
        let desk = Self {
            member: daemon.api(&token),
            token,
            daemon,
        };
        for n in 1..=restaurants {
            let (stage, city) = if n % 3 == 0 {
                ("cold", "Taupo")
            } else {
                ("hot", "Auckland")
            };
            desk.execute(&format!(
                "insert into restaurants (id, organisation_id, name, name_key, stage, city, city_key, icp_score, created_at, \
                 updated_at) select '{}', id, 'Place {n}', 'place {n}', '{stage}', '{city}', lower('{city}'), {}, created_at, created_at \
                 from organisations where name = 'Example'",
                restaurant(n),
                n % 11,
            ))
            .await;
        }
        desk
    }

    pub fn restart(&mut self) {
        self.daemon.restart();
        self.member = self.daemon.api(&self.token);
    }

    pub async fn make(&self, path: &str, body: &Value) -> Value {
        self.member.post(path, body).await.expect(201).json()
    }

    pub async fn get(&self, path: &str) -> Value {
        self.member.get(path).await.expect(200).json()
    }

    pub async fn send(&self, method: Method, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let headers: Vec<_> = headers.iter().copied().chain([JSON]).collect();
        self.member.raw(method, path, body.to_string(), &headers).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, body, &[]).await
    }

    pub async fn execute(&self, sql: &str) {
        let db = Database::connect(self.daemon.database_url()).await.unwrap();
        db.execute_unprepared(sql).await.unwrap();
        db.close().await.unwrap();
    }

    /// Rows of a query as text, one line each.
    pub async fn query(&self, sql: &str) -> Vec<String> {
        let db = Database::connect(self.daemon.database_url()).await.unwrap();
        let backend = db.get_database_backend();
        let rows = db.query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
        let lines = rows.iter().map(|row| row.try_get_by::<String, _>(0).unwrap()).collect();
        db.close().await.unwrap();
        lines
    }

    /// Makes a run of a schedule that was to be at a moment long past.
    pub async fn make_due(&self, schedule: &str) {
        self.execute(&format!(
            "update batch_schedules set next_run_at = '2026-01-05T09:00:00+00:00', look_at = '2026-01-05T09:00:00+00:00' \
             where id = '{schedule}'"
        ))
        .await;
    }

    /// Waits until something has come of a run of a schedule, and gives the schedule.
    pub async fn until_run(&self, schedule: &str) -> Value {
        let path = format!("/api/batch-schedules/{schedule}");
        let end = Instant::now() + SOON;
        loop {
            let seen = self.get(&path).await;
            if seen["last_run_at"].is_string() {
                return seen;
            }
            assert!(Instant::now() < end, "last seen: {seen:#}");
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    /// A batch that does not end by itself, with a registration of this restaurant: one that was completed before, too.
    pub async fn register_elsewhere(&self, restaurant: &str) {
        let batch = "0190b000-0000-7000-8000-000000000002";
        self.execute(&format!(
            "insert into registration_batch_jobs (id, organisation_id, name, status, total_restaurants, created_at, \
             updated_at) select '{batch}', organisation_id, 'Elsewhere', 'paused', 2, created_at, created_at \
             from restaurants where id = '{restaurant}'"
        ))
        .await;
        for (position, status, open) in [(0, "completed", false), (1, "pending", true)] {
            let job = format!("0190c000-0000-7000-8000-{position:012}");
            self.execute(&format!(
                "insert into registration_jobs (id, batch_job_id, organisation_id, restaurant_id, position, status, is_open, \
                 reference, created_at, updated_at) select '{job}', '{batch}', organisation_id, id, {position}, '{status}', \
                 {open}, id, created_at, created_at from restaurants where id = '{restaurant}'"
            ))
            .await;
        }
    }

    /// Batches of a schedule: name and number of restaurants.
    pub async fn batches(&self, schedule: &str) -> Vec<String> {
        let sql = format!(
            "select name || ' ' || total_restaurants from registration_batch_jobs where schedule_id = '{schedule}' \
             order by id"
        );
        self.query(&sql).await
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
