"""The waveform of a file's sound: lowest and highest sample of each slice of time.

- Slices follow the clock of the packets: where sound is missing, the wave is flat, and does not close up.
- 20 slices a second, folded until at most 4,000 are left.
- Silence is where the samples as recorded (16 bit; the drawing keeps 8) stay below QUIET for STRETCH seconds or more.
- peaks.json: {"version": 1, "bits": 8, "per_second", "seconds", "peaks": [min, max, min, max, …]} in int8.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import av.error
import numpy as np
from av.audio.resampler import AudioResampler

from .packets import open_media

PER_SECOND = 20
MAX_SLICES = 4000
QUIET = 16  # of 32,768: −66 dBFS. The quietest real recordings we have peak at −52; a muted track is nothing but zeros
STRETCH = 10.0  # seconds: shorter silences are not kept
_LONGEST = 72 * 3600 * PER_SECOND  # a bogus timestamp must not ask for a terabyte


class Wave:
    """Collects slices as they come. Samples are 16 bit, one channel."""

    def __init__(self) -> None:
        self.low: list[int] = []
        self.high: list[int] = []
        self.seconds = 0.0

    def add(self, samples: Any, start: float, rate: int) -> None:
        """Take one run of samples (numpy int16) that begins `start` seconds into the file."""
        length = len(samples)
        first = max(0, math.floor(start * PER_SECOND))
        last = math.ceil((start + length / rate) * PER_SECOND)
        if length == 0 or last > _LONGEST:
            return
        self.seconds = max(self.seconds, start + length / rate)
        missing = last - len(self.low)
        if missing > 0:
            self.low += [0] * missing
            self.high += [0] * missing
        for slot in range(first, last):
            begin = max(0, math.ceil((slot / PER_SECOND - start) * rate))
            part = samples[begin : max(0, math.ceil(((slot + 1) / PER_SECOND - start) * rate))]
            if len(part):
                self.low[slot] = min(self.low[slot], int(part.min()))
                self.high[slot] = max(self.high[slot], int(part.max()))

    def folded(self) -> dict[str, Any]:
        """The wave in the shape of peaks.json."""
        fold = max(1, math.ceil(len(self.low) / MAX_SLICES))
        pairs: list[int] = []
        for at in range(0, len(self.low), fold):
            pairs += (min(self.low[at : at + fold]) >> 8, max(self.high[at : at + fold]) >> 8)
        return {
            "version": 1,
            "bits": 8,
            "per_second": PER_SECOND / fold,
            "seconds": round(self.seconds, 6),
            "peaks": pairs,
        }

    def measured(self) -> dict[str, Any]:
        """{seconds, peak (dBFS, None for nothing but zeros), silent: [[from, until], …] in seconds}."""
        loud = np.maximum(-np.asarray(self.low), np.asarray(self.high))
        peak = int(loud.max())
        quiet = np.concatenate(([False], loud < QUIET, [False]))
        turns = np.flatnonzero(quiet[1:] != quiet[:-1]) / PER_SECOND
        stretches = zip(turns[::2].tolist(), turns[1::2].tolist(), strict=True)
        return {
            "seconds": round(self.seconds, 3),
            "peak": round(20 * math.log10(peak / 32768), 1) if peak else None,
            "silent": [
                [start, min(end, round(self.seconds, 3))]
                for start, end in stretches
                if end - start >= min(STRETCH, self.seconds)
            ],
        }


def write_peaks(path: str, draft: Path) -> dict[str, Any]:
    """Decode the first sound stream, write peaks.json, return Wave.measured(). Raises av.error.FFmpegError, ValueError."""
    wave = Wave()
    with open_media(path) as container:
        stream = container.streams.audio[0]
        origin = (container.start_time or 0) / 1_000_000
        mono = AudioResampler(format="s16", layout="mono")
        at = 0.0
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                if isinstance(error, MemoryError):
                    raise
                continue  # a damaged packet is a flat stretch
            for frame in frames:
                at = frame.time - origin if frame.time is not None else at
                for piece in mono.resample(frame):
                    samples = np.ascontiguousarray(piece.to_ndarray()).reshape(-1)
                    wave.add(samples, at, piece.sample_rate)
                at += frame.samples / frame.sample_rate
    if not wave.low:
        raise ValueError("没有可解码的声音")
    draft.write_text(json.dumps(wave.folded(), separators=(",", ":")), encoding="ascii")
    return wave.measured()
