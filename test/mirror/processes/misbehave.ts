import type { ServerResponse } from 'node:http';
import { MAX_SIGNATURE_BYTES } from '../../../lib/stores/port/signature-store.ts';
import type { Fault } from './store-contents.ts';

/** Answers as a broken store does. */
export function misbehave(fault: Fault, response: ServerResponse): void {
  switch (fault) {
    case 'status':
      response.writeHead(500, { 'content-length': 0 }).end();
      break;
    case 'hang':
      // No answer: the asker's own time limit ends it.
      break;
    case 'truncated':
      response.writeHead(200, { 'content-length': 600 });
      response.write(Buffer.alloc(100, 0xa3), () => response.destroy());
      break;
    case 'oversize':
      response.end(Buffer.alloc(MAX_SIGNATURE_BYTES + 1, 0xa3));
      break;
    case 'page':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Sign in</body></html>');
      break;
    default:
      fault satisfies never;
  }
}
