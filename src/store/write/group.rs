//! One transaction's worth of commands.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::journal::JournalRow;
use super::{Answer, Command, audit, journal, transitions};
use crate::model::counts::StatusCounts;
use crate::store::rows::statement;
use crate::store::tx::WriteTx;

/// What a group's commands share while they are applied.
pub(super) struct Group<'tx> {
    pub tx: &'tx WriteTx,
    pub backend: DbBackend,
    pub now: DateTime<Utc>,
    /// The sequence number that the next journal row takes.
    next_seq: i64,
    /// The id that the next practice takes.
    pub next_practice: i64,
    journal: Vec<JournalRow>,
    counts: HashMap<Id, StatusCounts>,
}

impl<'tx> Group<'tx> {
    pub fn new(tx: &'tx WriteTx, now: DateTime<Utc>, next_seq: i64, next_practice: i64) -> Self {
        Self {
            tx,
            backend: tx.get_database_backend(),
            now,
            next_seq,
            next_practice,
            journal: Vec::new(),
            counts: HashMap::new(),
        }
    }

    /// Applies the commands. Transitions go first, as sets: a group holds at most one an item, and what must see them
    /// ends its group.
    ///
    /// # Errors
    /// The first database error; the transaction must then be rolled back.
    pub async fn apply(&mut self, commands: &[Command]) -> Result<Vec<Answer>, DbErr> {
        let mut answers: Vec<Option<Answer>> = vec![None; commands.len()];
        let hot: Vec<_> = commands
            .iter()
            .enumerate()
            .filter_map(|(index, command)| match command {
                Command::ItemTransition(transition) => Some((index, transition)),
                _ => None,
            })
            .collect();
        for (index, answer) in transitions::apply(self, &hot).await? {
            answers[index] = Some(Answer::ItemTransition(answer));
        }
        self.write_counts().await?;
        for (slot, command) in answers.iter_mut().zip(commands) {
            if slot.is_none() {
                let answer = self.apply_one(command).await?;
                audit::note_command(self, command, &answer).await?;
                *slot = Some(answer);
            }
        }
        self.write_counts().await?;
        journal::insert(self.tx, self.backend, std::mem::take(&mut self.journal)).await?;
        Ok(answers.into_iter().flatten().collect())
    }

    async fn apply_one(&mut self, command: &Command) -> Result<Answer, DbErr> {
        Ok(match command {
            Command::ItemTransition(_) => {
                return Err(DbErr::Custom("a transition outside its set".to_owned()));
            }
            Command::AppendLogs(command) => Answer::AppendLogs(command.apply(self).await?),
            Command::BeginImport(command) => Answer::BeginImport(command.apply(self).await?),
            Command::ImportRows(command) => Answer::ImportRows(command.apply(self).await?),
            Command::FinishImport(command) => Answer::FinishImport(command.apply(self).await?),
            Command::DiscardImport(command) => Answer::DiscardImport(command.apply(self).await?),
            Command::CopyFollowers(command) => Answer::CopyFollowers(command.apply(self).await?),
            Command::MarkInFlight(command) => Answer::MarkInFlight(command.apply(self).await?),
            Command::ChangeJob(command) => Answer::ChangeJob(command.apply(self).await?),
            Command::RedoJob(command) => Answer::RedoJob(command.apply(self).await?),
            Command::RecoverJob(command) => Answer::RecoverJob(command.apply(self).await?),
            // The group itself has proved it.
            Command::ProveOwnership(_) => Answer::ProveOwnership(()),
            Command::CloseCleanly(command) => Answer::CloseCleanly(command.apply(self).await?),
            Command::ApplyWorkflows(command) => Answer::ApplyWorkflows(command.apply(self).await?),
            Command::CreateWorkflow(command) => Answer::CreateWorkflow(command.apply(self).await?),
            Command::ChangeWorkflow(command) => Answer::ChangeWorkflow(command.apply(self).await?),
            Command::DeleteWorkflow(command) => Answer::DeleteWorkflow(command.apply(self).await?),
            Command::UpsertCompanies(command) => Answer::UpsertCompanies(command.apply(self).await?),
            Command::ChangeCompany(command) => Answer::ChangeCompany(command.apply(self).await?),
            Command::DeleteCompany(command) => Answer::DeleteCompany(command.apply(self).await?),
            Command::AddEntries(command) => Answer::AddEntries(command.apply(self).await?),
            Command::ImportLeads(command) => Answer::ImportLeads(command.apply(self).await?),
            Command::ChangeEntry(command) => Answer::ChangeEntry(command.apply(self).await?),
            Command::DeleteEntry(command) => Answer::DeleteEntry(command.apply(self).await?),
            Command::ConvertLeads(command) => Answer::ConvertLeads(command.apply(self).await?),
            Command::Exclude(command) => Answer::Exclude(command.apply(self).await?),
            Command::Readmit(command) => Answer::Readmit(command.apply(self).await?),
            Command::ClaimKey(command) => Answer::ClaimKey(command.apply(self).await?),
            Command::ReleaseKey(command) => Answer::ReleaseKey(command.apply(self).await?),
            Command::KeepPreview(command) => Answer::KeepPreview(command.apply(self).await?),
            Command::ForgetPreviews(command) => Answer::ForgetPreviews(command.apply(self).await?),
            Command::CreateBatchRun(command) => Answer::CreateBatchRun(command.apply(self).await?),
            Command::ChangeBatchRun(command) => Answer::ChangeBatchRun(command.apply(self).await?),
            Command::MarkArchived(command) => Answer::MarkArchived(command.apply(self).await?),
            Command::PruneJob(command) => Answer::PruneJob(command.apply(self).await?),
            Command::RecordResult(command) => Answer::RecordResult(command.apply(self).await?),
            Command::OpenStepRun(command) => Answer::OpenStepRun(command.apply(self).await?),
            Command::StoreAnswer(command) => Answer::StoreAnswer(command.apply(self).await?),
            Command::ForgetIdempotencyKeys(command) => Answer::ForgetIdempotencyKeys(command.apply(self).await?),
            Command::CreateWebhookEndpoint(command) => Answer::CreateWebhookEndpoint(command.apply(self).await?),
            Command::ChangeWebhookEndpoint(command) => Answer::ChangeWebhookEndpoint(command.apply(self).await?),
            Command::DeleteWebhookEndpoint(command) => Answer::DeleteWebhookEndpoint(command.apply(self).await?),
            Command::RotateWebhookSecret(command) => Answer::RotateWebhookSecret(command.apply(self).await?),
            Command::AppendDeliveries(command) => Answer::AppendDeliveries(command.apply(self).await?),
            Command::TestWebhookEndpoint(command) => Answer::TestWebhookEndpoint(command.apply(self).await?),
            Command::RecordAttempt(command) => Answer::RecordAttempt(command.apply(self).await?),
            Command::Redeliver(command) => Answer::Redeliver(command.apply(self).await?),
            Command::ForgetWebhookEvents(command) => Answer::ForgetWebhookEvents(command.apply(self).await?),
            Command::AddOrganisation(command) => Answer::AddOrganisation(command.apply(self).await?),
            Command::RenameOrganisation(command) => Answer::RenameOrganisation(command.apply(self).await?),
            Command::AddUser(command) => Answer::AddUser(command.apply(self).await?),
            Command::ChangeUser(command) => Answer::ChangeUser(command.apply(self).await?),
            Command::OpenLink(command) => Answer::OpenLink(command.apply(self).await?),
            Command::AcceptLink(command) => Answer::AcceptLink(command.apply(self).await?),
            Command::SetPassword(command) => Answer::SetPassword(command.apply(self).await?),
            Command::SetUp(command) => Answer::SetUp(command.apply(self).await?),
            Command::OpenSession(command) => Answer::OpenSession(command.apply(self).await?),
            Command::CloseSession(command) => Answer::CloseSession(command.apply(self).await?),
            Command::NoteUse(command) => Answer::NoteUse(command.apply(self).await?),
            Command::ForgetCredentials(command) => Answer::ForgetCredentials(command.apply(self).await?),
            Command::AddToken(command) => Answer::AddToken(command.apply(self).await?),
            Command::RevokeToken(command) => Answer::RevokeToken(command.apply(self).await?),
            Command::AppendAudit(command) => Answer::AppendAudit(command.apply(self).await?),
            Command::CreateRegistrationBatch(command) => Answer::CreateRegistrationBatch(command.apply(self).await?),
            Command::ChooseRegistrationBatch(command) => Answer::ChooseRegistrationBatch(command.apply(self).await?),
            Command::ChangeRegistrationBatch(command) => Answer::ChangeRegistrationBatch(command.apply(self).await?),
            Command::ArchiveRegistrationBatch(command) => Answer::ArchiveRegistrationBatch(command.apply(self).await?),
            Command::RepeatRegistrationBatch(command) => Answer::RepeatRegistrationBatch(command.apply(self).await?),
            Command::RegistrationTransition(command) => Answer::RegistrationTransition(command.apply(self).await?),
            Command::AnswerRegistrations(command) => Answer::AnswerRegistrations(command.apply(self).await?),
            Command::MarkRegistrationsInFlight(command) => {
                Answer::MarkRegistrationsInFlight(command.apply(self).await?)
            }
            Command::RecoverRegistrationBatch(command) => Answer::RecoverRegistrationBatch(command.apply(self).await?),
            Command::RemindOfQuestion(command) => Answer::RemindOfQuestion(command.apply(self).await?),
            Command::CreateBatchTemplate(command) => Answer::CreateBatchTemplate(command.apply(self).await?),
            Command::ChangeBatchTemplate(command) => Answer::ChangeBatchTemplate(command.apply(self).await?),
            Command::DeleteBatchTemplate(command) => Answer::DeleteBatchTemplate(command.apply(self).await?),
            Command::CreateBatchSchedule(command) => Answer::CreateBatchSchedule(command.apply(self).await?),
            Command::ChangeBatchSchedule(command) => Answer::ChangeBatchSchedule(command.apply(self).await?),
            Command::DeleteBatchSchedule(command) => Answer::DeleteBatchSchedule(command.apply(self).await?),
            Command::RunSchedule(command) => Answer::RunSchedule(command.apply(self).await?),
        })
    }

    /// Appends a row to the journal and tells its sequence number.
    pub fn journal(&mut self, row: impl FnOnce(i64, DateTime<Utc>) -> JournalRow) -> i64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        self.journal.push(row(seq, self.now));
        seq
    }

    /// The sequence number after the group's last journal row.
    pub fn next_seq(&self) -> i64 {
        self.next_seq
    }

    /// Notes a change to a job's counts.
    pub fn count(&mut self, job: Id, change: impl FnOnce(&mut StatusCounts)) {
        change(self.counts.entry(job).or_default());
    }

    /// Writes what has been noted, so that a command that reads counts sees them.
    pub async fn write_counts(&mut self) -> Result<(), DbErr> {
        const SQL: &str = "update enrichment_jobs set \
            total_practices = total_practices + ?, completed_practices = completed_practices + ?, \
            failed_practices = failed_practices + ?, pending_count = pending_count + ?, \
            url_complete_count = url_complete_count + ?, scraped_count = scraped_count + ?, \
            aggregated_count = aggregated_count + ?, error_count = error_count + ?, \
            excluded_count = excluded_count + ?, updated_at = ? where id = ?";
        for (job, counts) in std::mem::take(&mut self.counts) {
            if counts.is_zero() {
                continue;
            }
            let change = |count: i64| i32::try_from(count).unwrap_or_default().into();
            let values = [
                change(counts.total()),
                change(counts.finished()),
                change(counts.error),
                change(counts.pending),
                change(counts.url_complete),
                change(counts.scraped),
                change(counts.aggregated),
                change(counts.error),
                change(counts.excluded),
                self.now.into(),
                job.into(),
            ];
            self.tx.execute_raw(statement(self.backend, SQL, values)).await?;
        }
        Ok(())
    }

    /// Runs one statement with `?` placeholders and tells how many rows it changed.
    pub async fn execute(&self, sql: &str, values: impl IntoIterator<Item = sea_orm::Value>) -> Result<u64, DbErr> {
        Ok(self
            .tx
            .execute_raw(statement(self.backend, sql, values))
            .await?
            .rows_affected())
    }
}
