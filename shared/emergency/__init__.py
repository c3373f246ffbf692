"""The one place that tells whether words sound like an emergency: the practice's signs, read as people write.

`heard(words, practice.emergency)` gives the kind of sign that stands in the words, or nothing. What people deny ("no
chest pain"), had long ago ("a stroke in 2015") or only ask about ("signs of a stroke") is passed over where it is
plain; in doubt the sign counts, since guidance that was not needed costs less than guidance that was missing. Where no
sign stands, a small model trained on labelled phrases is asked too (second_opinion.py): it hears unforeseen wordings.
"""

from __future__ import annotations

from shared.emergency.hearing import heard, sounds_like_an_emergency

__all__ = ["heard", "sounds_like_an_emergency"]
