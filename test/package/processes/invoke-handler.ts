import { pathToFileURL } from 'node:url';

// Loads the bundle that is named, as Lambda does, and answers each event that is sent to this process.
const [, , bundle = ''] = process.argv;
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
