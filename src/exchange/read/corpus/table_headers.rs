//! Files with odd headers, and files with none.

use super::{Case, check, table};

fn cases() -> Vec<Case> {
    vec![
        table(
            "blank names",
            "url,,name,\nacme.nz,1,Acme,2\n",
            &["url", "column_2", "name", "column_4"],
            "url",
            &[&["acme.nz", "1", "Acme", "2"]],
            0,
        ),
        table(
            "the same name twice",
            "url,name,name,name\na.nz,1,2,3\n",
            &["url", "name", "name_2", "name_3"],
            "url",
            &[&["a.nz", "1", "2", "3"]],
            0,
        ),
        table(
            "a made-up name is taken",
            "url,,column_2\na.nz,1,2\n",
            &["url", "column_2_2", "column_2"],
            "url",
            &[&["a.nz", "1", "2"]],
            0,
        ),
        table(
            "space around names",
            " Name , Web Site \nAcme,acme.nz\n",
            &["Name", "Web Site"],
            "Web Site",
            &[&["Acme", "acme.nz"]],
            0,
        ),
        table(
            "line break in a name",
            "\"web\nsite\",b\nacme.nz,1\n",
            &["web\nsite", "b"],
            "web\nsite",
            &[&["acme.nz", "1"]],
            0,
        ),
        table(
            "no header",
            "Acme,acme.nz\nB,b.nz\n",
            &["column_1", "column_2"],
            "column_2",
            &[&["Acme", "acme.nz"], &["B", "b.nz"]],
            0,
        ),
        table(
            "no header, one column, one row",
            "https://acme.nz/",
            &["column_1"],
            "column_1",
            &[&["https://acme.nz/"]],
            0,
        ),
        table(
            "no header and a wider row below",
            "acme.nz\nb.nz,Bee\n",
            &["column_1", "column_2"],
            "column_1",
            &[&["acme.nz"], &["b.nz", "Bee"]],
            0,
        ),
        table(
            "no header, first row without address",
            "Acme,info@acme.nz,\nB,info@b.nz,b.nz\n",
            &["column_1", "column_2", "column_3"],
            "column_3",
            &[&["Acme", "info@acme.nz", ""], &["B", "info@b.nz", "b.nz"]],
            0,
        ),
        table(
            "header shorter than the rows",
            "name\nAcme,acme.nz\n",
            &["name", "column_2"],
            "column_2",
            &[&["Acme", "acme.nz"]],
            0,
        ),
        table(
            "header in words of no list",
            "Firma,Wo\nAcme,acme.nz\n",
            &["Firma", "Wo"],
            "Wo",
            &[&["Acme", "acme.nz"]],
            0,
        ),
    ]
}

#[test]
fn table_headers() {
    check(cases());
}
