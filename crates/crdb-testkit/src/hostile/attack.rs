//! What a hostile server does.

/// What a [`HostileServer`](super::HostileServer) does to a login. Unless it says otherwise it goes on as an honest server
/// would, knows no password, and ends with AuthenticationOk and ReadyForQuery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attack {
    /// Answers SSLRequest with `N`, though the client wants TLS.
    RefuseTls,
    /// Answers SSLRequest with an ErrorResponse in plain text, which a client must not show as the server's words
    /// (CVE-2024-10977).
    ErrorInsteadOfTls,
    /// Puts an AuthenticationOk in plain text behind its `S`, to be taken for the server's inside TLS (CVE-2021-23222).
    InjectBeforeTls,
    /// Asks for the password in clear.
    CleartextPassword,
    /// Asks for the password's MD5.
    Md5Password,
    /// Asks for nothing and lets the client in.
    NoAuthentication,
    /// Asks for an authentication method with this number, which may not exist.
    UnknownMethod(u32),
    /// Offers these SASL mechanisms and none else.
    SaslMechanisms(Vec<String>),
    /// SCRAM with this many iterations, and then as the honest server would that finds the password wrong.
    ScramIterations(u32),
    /// SCRAM with the honest 4096 iterations and a server signature that is made up.
    ScramWrongSignature,
    /// SCRAM that ends after the client's proof with AuthenticationOk, without any server signature.
    ScramNoSignature,
    /// SCRAM whose nonce does not begin with the client's.
    ScramForeignNonce,
    /// SCRAM with this text as the server's first message.
    ScramFirstMessage(String),
    /// SCRAM challenges without end.
    EndlessRounds,
    /// A ParameterStatus after AuthenticationOk that claims to be this many bytes long, and comes without end.
    OversizedMessage(u32),
    /// ParameterStatus messages without end.
    EndlessParameters,
    /// The first bytes of an AuthenticationSASL, and the end of the stream.
    TruncatedMessage,
    /// A message whose length is smaller than the length itself.
    NegativeLength,
    /// An ErrorResponse, then bytes that are no message, then the end of the stream.
    GarbageAfterError,
    /// Bytes that are no message from the start.
    Garbage,
    /// Not a byte, for ever.
    Silence,
}
