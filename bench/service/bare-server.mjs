// Answers every request with so many bytes, on a free port of loopback.
import { createServer } from 'node:http';
import process from 'node:process';

const body = Buffer.alloc(Number(process.argv[2]), 'x');
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.end(body));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  process.stderr.write(`ready at http://127.0.0.1:${port}\n`);
});
process.on('SIGTERM', () => process.exit());
