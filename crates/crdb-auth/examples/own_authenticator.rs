//! A custom way of authentication: OAUTHBEARER (RFC 7628), which PostgreSQL 18 offers.

#![allow(clippy::print_stdout, reason = "an example talks to people")]

use std::error::Error;

use crdb_auth::{
    AuthContext, AuthRequest, Authenticator, Config, Connector, CredentialError, Endpoint,
    Exchange, ExchangeFuture, Secret,
};

struct Bearer {
    token: Secret,
}

impl Authenticator for Bearer {
    fn begin(
        &self,
        context: &AuthContext<'_>,
        request: &AuthRequest<'_>,
    ) -> Option<Box<dyn Exchange>> {
        match request {
            // A bearer token lets every reader of it log in.
            AuthRequest::Sasl(mechanisms) if context.tls && mechanisms.contains(&"OAUTHBEARER") => {
                Some(Box::new(BearerExchange {
                    token: self.token.clone(),
                    sent: false,
                }))
            }
            _ => None,
        }
    }
}

struct BearerExchange {
    token: Secret,
    sent: bool,
}

impl Exchange for BearerExchange {
    fn mechanism(&self) -> &str {
        "OAUTHBEARER"
    }

    fn respond<'a>(&'a mut self, challenge: &'a [u8]) -> ExchangeFuture<'a, Option<Secret>> {
        Box::pin(async move {
            if self.sent {
                let refusal = format!("refused: {}", String::from_utf8_lossy(challenge));
                return Err(CredentialError::new(refusal).into());
            }
            self.sent = true;
            let mut message = b"n,,\x01auth=Bearer ".to_vec();
            message.extend_from_slice(self.token.expose());
            message.extend_from_slice(b"\x01\x01");
            Ok(Some(Secret::new(message)))
        })
    }

    fn complete(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = Config::builder()
        .user("app")
        .authenticator(Bearer {
            token: Secret::from("a token"),
        })
        .build()?;
    match Connector::new(config)?
        .connect(&Endpoint::new("localhost", 5432))
        .await
    {
        Ok(session) => println!("logged in: {:?}", session.facts()),
        Err(error) => println!("{error}"),
    }
    Ok(())
}
