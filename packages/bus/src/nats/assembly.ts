/** A chunk as it arrives. */
export interface ChunkPart {
  index: number;
  last: boolean;
  data: Uint8Array;
}

export type Progress =
  | { state: "more" }
  | { state: "done"; payload: Uint8Array }
  /** A chunk before this one never came. */
  | { state: "lost" }
  | { state: "too-large"; bytes: number }
  /** All assemblies of the process together hold as much as they may. */
  | { state: "no-room" };

/** Puts the chunks of one payload together again. They arrive in order; a gap means that one was lost. */
export interface Assembly {
  add(part: ChunkPart): Progress;
  /** Lets go of the chunks. Idempotent. */
  release(): void;
}

/** Bytes that all assemblies of a process may hold together. */
export interface AssemblyRoom {
  take(bytes: number): boolean;
  give(bytes: number): void;
}

export function createAssemblyRoom(bytesMax: number): AssemblyRoom {
  let taken = 0;
  return {
    take(bytes) {
      if (taken + bytes > bytesMax) return false;
      taken += bytes;
      return true;
    },
    give(bytes) {
      taken -= bytes;
    },
  };
}

export function createAssembly(bytesMax: number, room: AssemblyRoom): Assembly {
  let parts: Uint8Array[] = [];
  let bytes = 0;

  const release = (): void => {
    room.give(bytes);
    parts = [];
    bytes = 0;
  };

  return {
    add({ index, last, data }) {
      if (index !== parts.length) return { state: "lost" };
      if (bytes + data.byteLength > bytesMax) return { state: "too-large", bytes: bytes + data.byteLength };
      if (!room.take(data.byteLength)) return { state: "no-room" };
      parts.push(data);
      bytes += data.byteLength;
      if (!last) return { state: "more" };
      const payload = Buffer.concat(parts, bytes);
      release();
      return { state: "done", payload };
    },
    release,
  };
}
