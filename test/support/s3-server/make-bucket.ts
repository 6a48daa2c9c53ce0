import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { createS3ObjectStore } from '../../../lib/objects/s3-object-store.ts';

/** Makes new, empty buckets and, at the end, removes them with what they hold. */
export interface TestBuckets {
  makeBucket(): Promise<string>;
  removeBuckets(): Promise<void>;
}

export function createTestBuckets(client: S3Client): TestBuckets {
  const buckets: string[] = [];
  return {
    async makeBucket() {
      const bucket = `signet-test-${randomUUID()}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      buckets.push(bucket);
      return bucket;
    },
    async removeBuckets() {
      for (const bucket of buckets) {
        for await (const { key } of createS3ObjectStore({ client, bucket }).listObjects('')) {
          await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
        }
        await client.send(new DeleteBucketCommand({ Bucket: bucket }));
      }
    },
  };
}
