//! A custom credential source: here a token service that is asked for a token of an hour.
//!
//! However many connections a pool opens at once, the service is asked once, and again only when
//! four fifths of the hour are over, while logins go on with the old token.

#![allow(clippy::print_stdout, reason = "an example talks to people")]

use std::error::Error;
use std::time::{Duration, SystemTime};

use crdb_auth::{
    Config, Connector, Credential, CredentialFuture, CredentialRequest, CredentialSource, Endpoint,
    Password,
};

struct TokenService {
    address: String,
}

impl CredentialSource for TokenService {
    fn fetch<'a>(&'a self, request: &'a CredentialRequest) -> CredentialFuture<'a> {
        Box::pin(async move {
            // Where a real source asks its service over the network.
            let token = format!("token for {} from {}", request.user, self.address);
            let expires = SystemTime::now() + Duration::from_secs(3600);
            Ok(Credential::new(token).expires(expires))
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = TokenService {
        address: "https://tokens.example.com".to_owned(),
    };
    let config = Config::builder()
        .user("app")
        .password(Password::source(service))
        .connect_timeout(Duration::from_secs(2))
        .build()?;
    match Connector::new(config)?
        .connect(&Endpoint::new("localhost", 26257))
        .await
    {
        Ok(session) => println!("logged in: {:?}", session.facts()),
        Err(error) => println!("{error}"),
    }
    Ok(())
}
