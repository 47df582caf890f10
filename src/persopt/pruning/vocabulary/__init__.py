"""Trimming a vocabulary: only the tokens that a corpus uses, in the tokenizer and in the embeddings alike.

Importing these modules is light; torch, transformers and tokenizers are loaded when a model is trimmed.
"""

from persopt.domain.vocabularies import VocabularyOptions, VocabularyReport
from persopt.pruning.vocabulary.corpus import Corpus
from persopt.pruning.vocabulary.trim import check_trimming, trim_vocabulary

__all__ = ("Corpus", "VocabularyOptions", "VocabularyReport", "check_trimming", "trim_vocabulary")
