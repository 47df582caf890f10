/** One server-sent event (the HTML standard, section 9.2). */
export interface Frame {
  id: string;
  event: string;
  data: string;
}

/** Cuts a stream of text into events; comments and `retry` are left out. Lines end with \n, as the server writes them. */
export class FrameReader {
  private rest = '';

  /** Takes the next piece, wherever it was cut, and returns the events that it completes. */
  feed(piece: string): Frame[] {
    const blocks = (this.rest + piece).split('\n\n');
    this.rest = blocks.pop() ?? '';
    return blocks.map(readBlock).filter((frame) => frame !== null);
  }
}

function readBlock(block: string): Frame | null {
  const frame: Frame = { id: '', event: 'message', data: '' };
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, '');
    const name = line.slice(0, colon);
    if (name === 'data') data.push(value);
    else if (name === 'id' || name === 'event') frame[name] = value;
  }
  if (data.length === 0) return null;
  frame.data = data.join('\n');
  return frame;
}

/** Reads the events of an answer's body until it ends or is aborted. */
export async function* readFrames(answer: Response): AsyncGenerator<Frame> {
  if (answer.body === null) return;
  const reader = new FrameReader();
  const decoder = new TextDecoder();
  const source = answer.body.getReader();
  try {
    for (;;) {
      const { done, value } = await source.read();
      if (done) return;
      yield* reader.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    await source.cancel().catch(() => undefined);
  }
}
