"""A model of Amazon Bedrock through its OpenAI-compatible address; needs AWS_BEARER_TOKEN_BEDROCK and BEDROCK_MODEL."""

from judgebench.models import VLLMCustomAPIChat

models = [
    dict(
        type=VLLMCustomAPIChat,
        abbr="bedrock-chat",
        model="${BEDROCK_MODEL:-}",  # the model's id, such as openai.gpt-oss-20b-1:0
        url="https://bedrock-runtime.${AWS_REGION:-us-east-1}.amazonaws.com/openai/v1",
        api_key="${AWS_BEARER_TOKEN_BEDROCK}",  # stays a reference: the key itself is never written to disk
        retry=5,
        max_out_len=4096,
        batch_size=8,
        adaptive=True,  # fewer requests at once where the service asks for it
        generation_kwargs=dict(),
    )
]
