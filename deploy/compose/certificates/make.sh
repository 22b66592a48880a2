#!/bin/sh
# Makes an authority, a certificate for the nodes, and one each for the users root and bank. Runs once: what is there stays.
# cockroach.com/docs/stable/cockroach-cert describes the commands and the names of the files.
set -eu
key=/authority/ca.key
if [ ! -e /certs/ca.crt ]; then
    cockroach cert create-ca --certs-dir=/certs --ca-key="$key"
fi
if [ ! -e /certs/node.crt ]; then
    cockroach cert create-node node1 node2 node3 localhost 127.0.0.1 --certs-dir=/certs --ca-key="$key"
fi
if [ ! -e /certs/client.root.crt ]; then
    cockroach cert create-client root --certs-dir=/certs --ca-key="$key"
fi
if [ ! -e /bank/client.bank.crt ]; then
    cp /certs/ca.crt /bank/ca.crt
    cockroach cert create-client bank --certs-dir=/bank --ca-key="$key"
fi
# For those that only check certificates.
cp /certs/ca.crt /trust/ca.crt
chmod 0444 /trust/ca.crt
chown 65532:65532 /bank /bank/*
chmod 0400 /bank/client.bank.key
