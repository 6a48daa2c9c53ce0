declare module 'seek-bzip' {
  class Stream {
    readByte(): number;
  }
  const seekBzip: {
    Stream: typeof Stream;
    decode(source: Stream, sink: { writeByte(octet: number): void }): void;
  };
  export default seekBzip;
}
