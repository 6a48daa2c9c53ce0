import { Agent } from 'node:https';
import { connect } from 'node:net';
import { pathToFileURL } from 'node:url';

// Loads the bundle that is named, as Lambda does, and answers each event that is sent to this process. What it says to
// AWS, by whatever client, goes to the port that is named, without TLS and else as it is. But for servers of the test on
// this machine, nobody else can be reached.
const [, , bundle = '', port = ''] = process.argv;
const CLOSED_PORT = 1;
const createConnection = Object.getOwnPropertyDescriptor(Agent.prototype, 'createConnection')
  ?.value as Agent['createConnection'];
Agent.prototype.createConnection = function (this: Agent, options, callback) {
  if (options.host === '127.0.0.1') return createConnection.call(this, options, callback);
  return connect(options.host?.endsWith('.amazonaws.com') === true ? Number(port) : CLOSED_PORT, '127.0.0.1');
};

const loaded = (await import(pathToFileURL(bundle).href)) as {
  readonly handler: (event: unknown, context: unknown) => Promise<unknown>;
};
const context = { functionName: 'packaged', awsRequestId: '0', getRemainingTimeInMillis: () => 300_000 };

process.on('message', (event) => {
  void loaded.handler(event, context).then(
    (answer) => process.send?.({ answer, node: process.versions.node }),
    (error: unknown) => process.send?.({ error: String(error), node: process.versions.node }),
  );
});
process.send?.('ready');
