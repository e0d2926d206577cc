"""A deployment of Azure OpenAI; needs AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_API_KEY and AZURE_OPENAI_DEPLOYMENT."""

from judgebench.models import OpenAIChat

models = [
    dict(
        type=OpenAIChat,
        abbr="azure-chat",
        model="${AZURE_OPENAI_DEPLOYMENT:-}",  # the deployment's name
        url="${AZURE_OPENAI_ENDPOINT:-https://RESOURCE.openai.azure.com}/openai/v1",  # or .../openai/deployments/NAME?api-version=...
        api_key="${AZURE_OPENAI_API_KEY}",  # stays a reference: the key itself is never written to disk
        retry=5,
        max_out_len=4096,
        batch_size=8,
        adaptive=True,  # fewer requests at once where the service asks for it
        generation_kwargs=dict(),
    )
]
