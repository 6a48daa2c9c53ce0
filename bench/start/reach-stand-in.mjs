import { Agent } from 'node:https';
import { connect } from 'node:net';

const CLOSED_PORT = 1;

/** @param {number} port where AWS is, without TLS */
export function reachStandIn(port) {
  Agent.prototype.createConnection = ({ host }) =>
    connect(host?.endsWith('.amazonaws.com') === true ? port : CLOSED_PORT, '127.0.0.1');
}
