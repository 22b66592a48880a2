//! sslmode x channel_binding x require_auth x server: every cell as documented.

use crdb_auth::{AuthMethod, ChannelBinding, ErrorKind, RequireAuth, SslMode, TlsConfig};
use crdb_testkit::Login;

use crate::bed::{config, connector, endpoint, postgresql, verified};
use crate::modes::without_tls;

/// What a login by SCRAM ends in: with TLS, without, or with an error.
fn expected(
    mode: SslMode,
    binding: ChannelBinding,
    scram_permitted: bool,
    server_has_tls: bool,
) -> Result<bool, ErrorKind> {
    if binding == ChannelBinding::Require && mode == SslMode::Disable {
        return Err(ErrorKind::Config);
    }
    let tls = match mode {
        SslMode::Disable | SslMode::Allow => false,
        SslMode::Prefer => server_has_tls,
        _ if !server_has_tls => return Err(ErrorKind::TlsUnavailable),
        _ => true,
    };
    if !scram_permitted || (binding == ChannelBinding::Require && !tls) {
        return Err(ErrorKind::Downgrade);
    }
    Ok(tls)
}

#[tokio::test]
async fn every_cell() {
    let engine = postgresql().await;
    let stripped = without_tls(engine, b"N").await;
    let lists = [
        None,
        Some(RequireAuth::only([AuthMethod::ScramSha256])),
        Some(RequireAuth::only([AuthMethod::Gss, AuthMethod::None])),
        Some(RequireAuth::all_but([
            AuthMethod::Password,
            AuthMethod::Md5,
        ])),
        Some(RequireAuth::all_but([AuthMethod::ScramSha256])),
    ];
    let mut cells = 0;
    for mode in crate::modes::MODES {
        for binding in [
            ChannelBinding::Disable,
            ChannelBinding::Prefer,
            ChannelBinding::Require,
        ] {
            for list in &lists {
                for (server, has_tls) in [(endpoint(engine), true), (stripped.clone(), false)] {
                    let tls = match mode {
                        SslMode::VerifyCa | SslMode::VerifyFull => verified(engine).mode(mode),
                        _ => TlsConfig::new().mode(mode),
                    };
                    let mut builder = config(engine, Login::Scram)
                        .tls(tls)
                        .channel_binding(binding);
                    if let Some(list) = list {
                        builder = builder.require_auth(list.clone());
                    }
                    let permitted = list
                        .as_ref()
                        .is_none_or(|list| list.permits(AuthMethod::ScramSha256));
                    let found = match builder.build() {
                        Err(error) => Err(error.kind()),
                        Ok(config) => crdb_auth::Connector::new(config)
                            .unwrap()
                            .connect(&server)
                            .await
                            .map(|session| session.is_tls())
                            .map_err(|error| error.kind()),
                    };
                    let cell = format!("{mode} {binding:?} {list:?} TLS {has_tls}");
                    assert_eq!(found, expected(mode, binding, permitted, has_tls), "{cell}");
                    cells += 1;
                }
            }
        }
    }
    assert_eq!(cells, 6 * 3 * 5 * 2);
    println!("row R10: done {cells} cells");
}

#[tokio::test]
async fn a_connector_without_permission_says_which_setting_forbids() {
    let engine = postgresql().await;
    let list = RequireAuth::only([AuthMethod::Gss]);
    let builder = config(engine, Login::Scram).require_auth(list);
    let error = connector(builder)
        .connect(&endpoint(engine))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("require_auth=gss"), "{error}");
}
