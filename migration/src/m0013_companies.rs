//! Lists of companies, and the practices that stand for one.

crate::migration!(
    "m0013_companies",
    up: &[
        // Ids sort by the time they were made: lists come newest first, runs take companies oldest first.
        "create index companies_by_organisation on companies (organisation_id, id)",
        // A company that is deleted is first let go by its practices.
        "create index job_practices_by_company on job_practices (company_id) where company_id is not null",
    ],
    down: &["drop index job_practices_by_company",
        "drop index companies_by_organisation"]
);
