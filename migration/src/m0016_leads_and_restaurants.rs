//! Whom a registration is for: leads, and the restaurants that they become.

crate::migration!(
    "m0016_leads_and_restaurants",
    up: &[
        // `name_key`, `city_key` and `region_key` are what lists search: lower case in every script, which the databases
        // cannot make alike. `website` is the address as it can be fetched, `website_input` what somebody wrote.
        "create table restaurants (
            id {uuid} primary key,
            organisation_id {uuid} not null references organisations (id),
            name text not null,
            name_key text not null,
            type text not null default 'outbound' check (type in ('outbound', 'inbound')),
            stage text not null default 'cold' check (stage in ('cold', 'warm', 'hot')),
            icp_score integer check (icp_score between 0 and 10),
            status text not null default 'new',
            website text,
            website_input text,
            phone text,
            email text,
            address text,
            city text,
            city_key text,
            region text,
            region_key text,
            country text,
            extraction_job_id text,
            company_number text,
            nzbn text,
            data {json} not null default '{}',
            version integer not null default 1,
            created_at {time} not null,
            updated_at {time} not null
        )",
        // Ids sort by the time they were made: lists come newest first.
        "create index restaurants_by_organisation on restaurants (organisation_id, id)",
        "create index restaurants_by_name on restaurants (organisation_id, name_key)",
        // `converted_restaurant_id` is kept for good: a lead becomes a restaurant once.
        "create table leads (
            id {uuid} primary key,
            organisation_id {uuid} not null references organisations (id),
            name text not null,
            name_key text not null,
            type text not null default 'outbound' check (type in ('outbound', 'inbound')),
            stage text not null default 'cold' check (stage in ('cold', 'warm', 'hot')),
            icp_score integer check (icp_score between 0 and 10),
            status text not null default 'new',
            website text,
            website_input text,
            phone text,
            email text,
            address text,
            city text,
            city_key text,
            region text,
            region_key text,
            country text,
            extraction_job_id text,
            company_number text,
            nzbn text,
            data {json} not null default '{}',
            converted_restaurant_id {uuid} references restaurants (id),
            converted_at {time},
            version integer not null default 1,
            created_at {time} not null,
            updated_at {time} not null
        )",
        "create index leads_by_organisation on leads (organisation_id, id)",
        "create index leads_by_name on leads (organisation_id, name_key)",
        "create index leads_by_restaurant on leads (converted_restaurant_id) where converted_restaurant_id is not null",
    ],
    down: &["drop table leads",
        "drop table restaurants"]
);
