//! Sessions of crdb-auth keep every promise that the pool relies on.

use std::time::Duration;

use crdb_auth::Session;
use crdb_pool::NodeAddress;
use crdb_pool::conformance::{self, Subject, port_without_listener};
use crdb_testkit::Engine;

use crdb_tests::chaos::pool::login::Login;

struct Sessions {
    engine: &'static Engine,
    missing: u16,
}

impl Subject for Sessions {
    type Connector = Login;

    fn connector(&self) -> Login {
        Login::new(self.engine).unwrap()
    }

    fn node(&self) -> NodeAddress {
        NodeAddress::new(self.engine.host(), self.engine.port())
    }

    fn dead_node(&self) -> NodeAddress {
        NodeAddress::new("localhost", self.missing)
    }

    async fn soil(&self, session: &mut Session) {
        session
            .client()
            .batch_execute("SET application_name = 'soiled'")
            .await
            .unwrap();
    }

    async fn is_soiled(&self, session: &mut Session) -> bool {
        let call = session.begin_call();
        let row = call
            .client()
            .query_one("SELECT current_setting('application_name')", &[])
            .await;
        call.finish();
        row.unwrap().get::<_, &str>(0) == "soiled"
    }

    async fn interrupt(&self, session: &mut Session) {
        let call = session.begin_call();
        let sleep = call.client().batch_execute("SELECT pg_sleep(0.2)");
        drop(tokio::time::timeout(Duration::from_millis(10), sleep).await);
    }

    async fn sever(&self, session: &mut Session) {
        let another = Login::new(self.engine).unwrap();
        let another = crdb_pool::Connector::connect(&another, &self.node())
            .await
            .unwrap();
        if session.facts().engine() == crdb_auth::Engine::CockroachDb {
            let row = session.client().query_one("SHOW session_id", &[]).await;
            let id: String = row.unwrap().get(0);
            let cancel = format!("CANCEL SESSION '{id}'");
            another.client().batch_execute(&cancel).await.unwrap();
        } else {
            let row = session
                .client()
                .query_one("SELECT pg_backend_pid()", &[])
                .await
                .unwrap();
            let pid: i32 = row.get(0);
            another
                .client()
                .query("SELECT pg_terminate_backend($1)", &[&pid])
                .await
                .unwrap();
        }
        while !session.is_closed() {
            // CockroachDB closes an idle session when it next speaks.
            drop(session.client().simple_query("").await);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_crdb_auth_conform() {
    let subject = Sessions {
        engine: Engine::shared().await,
        missing: port_without_listener().unwrap(),
    };
    conformance::run(&subject).await.unwrap();
}
