//! Which column is taken for the address, and when none is.

use super::{Case, check, fault, table};

fn cases() -> Vec<Case> {
    vec![
        table(
            "by its header",
            "practice_identifier,x\nacme.nz,1\n",
            &["practice_identifier", "x"],
            "practice_identifier",
            &[&["acme.nz", "1"]],
            0,
        ),
        table(
            "by a longer header",
            "Clinic,Clinic website (2023)\nAcme,acme.nz\n",
            &["Clinic", "Clinic website (2023)"],
            "Clinic website (2023)",
            &[&["Acme", "acme.nz"]],
            0,
        ),
        table(
            "by its header in Japanese",
            "名前,ホームページ\nA,acme.jp\n",
            &["名前", "ホームページ"],
            "ホームページ",
            &[&["A", "acme.jp"]],
            0,
        ),
        table(
            "by its cells",
            "a,b,c\n1,acme.nz,x\n2,b.nz,y\n",
            &["a", "b", "c"],
            "b",
            &[&["1", "acme.nz", "x"], &["2", "b.nz", "y"]],
            0,
        ),
        table(
            "not the social pages",
            "name,facebook,home\nA,https://facebook.com/a,a.nz\n",
            &["name", "facebook", "home"],
            "home",
            &[&["A", "https://facebook.com/a", "a.nz"]],
            0,
        ),
        table(
            "not the pictures",
            "a,b\nhttps://cdn.nz/1.png,acme.nz\n",
            &["a", "b"],
            "b",
            &[&["https://cdn.nz/1.png", "acme.nz"]],
            0,
        ),
        table(
            "not the e-mail addresses",
            "a,b\ninfo@acme.nz,acme.nz\n",
            &["a", "b"],
            "b",
            &[&["info@acme.nz", "acme.nz"]],
            0,
        ),
        table(
            "not the numbers",
            "a,b,c\n4.5,12.03.2024,acme.nz\n",
            &["a", "b", "c"],
            "c",
            &[&["4.5", "12.03.2024", "acme.nz"]],
            0,
        ),
        table(
            "social pages when that is all there is",
            "a,b\n1,https://facebook.com/a\n",
            &["a", "b"],
            "b",
            &[&["1", "https://facebook.com/a"]],
            0,
        ),
        table(
            "a header over other cells gives way",
            "Site,Website\nAuckland,acme.nz\n",
            &["Site", "Website"],
            "Website",
            &[&["Auckland", "acme.nz"]],
            0,
        ),
        table(
            "an empty column of the same name gives way",
            "website,website\n,acme.nz\n,b.nz\n",
            &["website", "website_2"],
            "website_2",
            &[&["", "acme.nz"], &["", "b.nz"]],
            0,
        ),
        table(
            "a map link under a good header",
            "title,website,url\nA,a.nz,https://www.google.com/maps/1\n",
            &["title", "website", "url"],
            "website",
            &[&["A", "a.nz", "https://www.google.com/maps/1"]],
            0,
        ),
        table(
            "a vague header beside a clear one",
            "link,domain\ncrm.nz/1,a.nz\n",
            &["link", "domain"],
            "domain",
            &[&["crm.nz/1", "a.nz"]],
            0,
        ),
        table(
            "a logo column beside it",
            "Logo URL,Website\nacme.nz/l.png,acme.nz\n",
            &["Logo URL", "Website"],
            "Website",
            &[&["acme.nz/l.png", "acme.nz"]],
            0,
        ),
        table(
            "a header over nothing good",
            "name,website\nA,none\n",
            &["name", "website"],
            "website",
            &[&["A", "none"]],
            0,
        ),
        table(
            "named",
            "a,url\nx.nz,acme.nz\n",
            &["a", "url"],
            "a",
            &[&["x.nz", "acme.nz"]],
            0,
        )
        .naming("a"),
        table(
            "named in another spelling",
            "Web Site,x\nacme.nz,1\n",
            &["Web Site", "x"],
            "Web Site",
            &[&["acme.nz", "1"]],
            0,
        )
        .naming(" web_site"),
        table(
            "named by place where there is no header",
            "a.nz,b.nz\nc.nz,d.nz\n",
            &["column_1", "column_2"],
            "column_2",
            &[&["a.nz", "b.nz"], &["c.nz", "d.nz"]],
            0,
        )
        .naming("Column 2"),
        table(
            "a blank name is no name",
            "url\nacme.nz\n",
            &["url"],
            "url",
            &[&["acme.nz"]],
            0,
        )
        .naming("  "),
        table(
            "naming a first row that looks like data",
            "acme.nz,x\nb.nz,1\n",
            &["acme.nz", "x"],
            "acme.nz",
            &[&["b.nz", "1"]],
            0,
        )
        .naming("acme.nz"),
        fault(
            "two headers",
            "url,name,website\na.nz,A,b.nz\n",
            "ambiguous_url_column",
            &["url", "website"],
            None,
        ),
        fault(
            "two columns of addresses",
            "a,b\na.nz,b.nz\n",
            "ambiguous_url_column",
            &["a", "b"],
            None,
        ),
        fault(
            "two longer headers",
            "Main site,Web URL 2\na.nz,b.nz\n",
            "ambiguous_url_column",
            &["Main site", "Web URL 2"],
            None,
        ),
        fault(
            "two headers over nothing",
            "url,website\nx,y\n",
            "ambiguous_url_column",
            &["url", "website"],
            None,
        ),
        fault(
            "named in a spelling of two",
            "Web Site,web_site\na.nz,b.nz\n",
            "ambiguous_url_column",
            &["Web Site", "web_site"],
            None,
        )
        .naming("website"),
        fault(
            "named and not there",
            "name,url\nA,a.nz\n",
            "unknown_url_column",
            &["name", "url"],
            None,
        )
        .naming("site"),
        fault(
            "none",
            "name,city\nA,Auckland\n",
            "no_url_column",
            &["name", "city"],
            None,
        ),
        fault(
            "none but e-mail",
            "name,contact\nA,info@a.nz\n",
            "no_url_column",
            &["name", "contact"],
            None,
        ),
    ]
}

#[test]
fn url_columns() {
    check(cases());
}
