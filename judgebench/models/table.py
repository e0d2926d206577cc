"""The shipped model types, launchers and postprocessors by the names that configs write; see ``plugins.rooms``."""

from __future__ import annotations

MODELS = {
    "VLLMCustomAPI": "judgebench.models.openai:VLLMCustomAPI",
    "VLLMCustomAPIChat": "judgebench.models.openai:VLLMCustomAPIChat",
    "VLLMCustomAPIChatStream": "judgebench.models.openai:VLLMCustomAPIChatStream",
    "OpenAIChat": "judgebench.models.openai:OpenAIChat",
    "OpenAIResponses": "judgebench.models.openai_responses:OpenAIResponses",
    "AnthropicChat": "judgebench.models.anthropic:AnthropicChat",
    "GeminiChat": "judgebench.models.gemini:GeminiChat",
    "OllamaChat": "judgebench.models.ollama:OllamaChat",
    "StatesService": "judgebench.models.states:StatesService",
    "EmbeddingService": "judgebench.models.states:EmbeddingService",
    "HuggingFaceChat": "judgebench.models.hf_chat:HuggingFaceChat",
    "ReplayModel": "judgebench.models.replay:ReplayModel",
    "RecordedAnswers": "judgebench.models.recorded_answers:RecordedAnswers",
}
"""What a request is sent to: ``models=[dict(type=...)]`` and ``judge_model``."""

LAUNCHERS = {
    "LlamaCppServer": "judgebench.models.llama_cpp:LlamaCppServer",
    "HuggingFaceStates": "judgebench.models.hf_states:HuggingFaceStates",
    "LlamaCppStates": "judgebench.models.llama_states:LlamaCppStates",
}
"""What starts a service for the run: ``launch=dict(type=...)``."""

POSTPROCESSORS = {
    "extract_non_reasoning_content": "judgebench.models.postprocess:extract_non_reasoning_content",
    "first_line": "judgebench.models.postprocess:first_line",
    "stripped": "judgebench.models.postprocess:stripped",
    "before_any": "judgebench.models.postprocess:before_any",
}
"""What is done to an answer before it is judged: ``pred_postprocessor=dict(type=...)``."""
