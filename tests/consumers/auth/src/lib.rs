//! Uses crdb-auth alone, and implements its traits.

use std::sync::Arc;

use crdb_auth::{
    AuthContext, AuthRequest, Authenticator, Config, ConnectEnd, Connector, Credential,
    CredentialFuture, CredentialRequest, CredentialSource, Endpoint, Error, Exchange,
    ExchangeFuture, PartialObserver, Password, Secret, Session,
};

/// A vault that hands out tokens.
struct Vault;

impl CredentialSource for Vault {
    fn fetch<'a>(&'a self, request: &'a CredentialRequest) -> CredentialFuture<'a> {
        let token = format!("token for {}", request.user);
        Box::pin(async move { Ok(Credential::new(token)) })
    }
}

/// A custom authentication method.
struct Handshake;

impl Authenticator for Handshake {
    fn begin(
        &self,
        context: &AuthContext<'_>,
        request: &AuthRequest<'_>,
    ) -> Option<Box<dyn Exchange>> {
        matches!(request, AuthRequest::Password if context.tls).then(|| Box::new(Round) as _)
    }
}

struct Round;

impl Exchange for Round {
    fn respond<'a>(&'a mut self, challenge: &'a [u8]) -> ExchangeFuture<'a, Option<Secret>> {
        let answer = challenge.to_vec();
        Box::pin(async move { Ok(Some(Secret::new(answer))) })
    }

    fn complete(&mut self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }
}

/// Says who logged in where.
struct Log;

impl PartialObserver for Log {
    fn connect_ended(&self, event: &ConnectEnd<'_>) {
        println!("{} in {:?}", event.endpoint, event.timings.total);
    }
}

/// Logs in.
pub async fn log_in() -> Result<Session, Error> {
    let config = Config::builder()
        .user("app")
        .password(Password::source(Vault))
        .authenticator(Handshake)
        .observer(Arc::new(Log))
        .build()?;
    Connector::new(config)?
        .connect(&Endpoint::new("localhost", Endpoint::COCKROACHDB_PORT))
        .await
}
