#!/bin/sh
# Initializes the cluster, and makes the service's user and database. May run again: what is there stays.
set -eu
until answer=$(cockroach init --certs-dir=/certs --host=node1 2>&1); do
    case "$answer" in
    *'already been initialized'*) break ;;
    esac
    sleep 1
done
until cockroach sql --certs-dir=/certs --host=node1 --file=/prepare.sql; do sleep 1; done
