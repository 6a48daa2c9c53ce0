import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AwsAnswers {
  readonly endpoint: string;
  /** What was asked for, in order: `AWSEvents.PutEvents`. */
  readonly calls: readonly string[];
  readonly stop: () => Promise<void>;
}

/** AWS for a bundle that calls it: EventBridge takes one event at a time; whatever else is asked for is refused. */
export async function answerAws(): Promise<AwsAnswers> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const call = String(request.headers['x-amz-target'] ?? request.url);
    calls.push(call);
    request.resume().on('end', () => {
      const isEvent = call === 'AWSEvents.PutEvents';
      response.writeHead(isEvent ? 200 : 403, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(isEvent ? { FailedEntryCount: 0, Entries: [{ EventId: '1' }] } : {}));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    calls,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
