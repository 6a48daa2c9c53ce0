import { startQueues } from '../../../local/queues/start-queues.ts';

// The embedded SQS alone, so that its memory and its life are not the consumers'.
const [directory = '', visibilitySeconds = '5'] = process.argv.slice(2);
const queues = await startQueues(directory, Number(visibilitySeconds));
const { push, mirror, export: exports, notify, accessKeyId } = queues;
process.stdout.write(`${JSON.stringify({ push, mirror, export: exports, notify, accessKeyId })}\n`);
