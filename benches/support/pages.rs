//! Pages of 20 KB on loopback: from nginx if there is one, else from a simulator in this process, which then competes
//! for the same cores.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use batchdesk::simulators::load::{LoadSite, page};

/// Where the pages are.
pub enum Pages {
    Nginx(Child, u16),
    Simulator(LoadSite),
}

impl Pages {
    pub fn url(&self, n: u64) -> String {
        match self {
            Self::Nginx(_, port) => format!("http://127.0.0.1:{port}/p/{n}"),
            Self::Simulator(site) => site.practice_url(n),
        }
    }
}

impl Pages {
    /// A page of another host, where the server has one.
    #[allow(dead_code, reason = "one of the benchmarks needs it")]
    pub fn url_elsewhere(&self, n: u64) -> String {
        self.url(n).replacen("127.0.0.1", "127.0.0.2", 1)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        if let Self::Nginx(child, _) = self {
            let _ = child.kill();
        }
    }
}

pub async fn serve_pages(directory: &Path) -> (Pages, &'static str) {
    let known = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].map(PathBuf::from);
    let Some(nginx) = known.into_iter().find(|path| path.is_file()) else {
        return (
            Pages::Simulator(LoadSite::start().await.unwrap()),
            "a simulator in this process",
        );
    };
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    std::fs::write(directory.join("page.html"), page(7)).unwrap();
    let config = directory.join("nginx.conf");
    let mut file = std::fs::File::create(&config).unwrap();
    writeln!(
        file,
        "daemon off; master_process off; worker_processes 1; pid {0}/nginx.pid; error_log {0}/error.log; events {{ worker_connections 1024; }}\n\
         http {{ access_log off; default_type text/html; keepalive_requests 1000000; client_body_temp_path {0}/a; \
         proxy_temp_path {0}/b; fastcgi_temp_path {0}/c; uwsgi_temp_path {0}/d; scgi_temp_path {0}/e; \
         server {{ listen 127.0.0.1:{port}; listen 127.0.0.2:{port}; root {0}; location / {{ try_files /page.html =404; }} }} }}",
        directory.display()
    )
    .unwrap();
    let child = Command::new(nginx)
        .arg("-c")
        .arg(&config)
        .arg("-p")
        .arg(directory)
        .spawn()
        .unwrap();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    (Pages::Nginx(child, port), "nginx")
}
