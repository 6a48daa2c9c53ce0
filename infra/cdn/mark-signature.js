// Runs in CloudFront (cloudfront-js-2.0) on every answer below 400: clients may keep a signature as long as the edge does,
// and no longer. CloudFront calls no function for a miss, which goes out without a time, as it came from the bucket.
/** @param {{ response: { statusCode: number, headers: Record<string, { value: string }> } }} event */
/* oxlint-disable no-unused-vars -- CloudFront calls the handler by name. */
function handler(event) {
  const response = event.response;
  if (response.statusCode < 400) response.headers['cache-control'] = { value: 'public, max-age=300' };
  return response;
}
